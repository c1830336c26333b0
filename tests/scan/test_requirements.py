from __future__ import annotations

import pytest

from fossml.scan import manifests
from fossml.scan.licence import named, recognise
from fossml.scan.requirements import Declaration, declare, installs_in, read_requirements
from fossml.scan.text import decode


def pins(declarations: object) -> dict[str, bool]:
    return {one.name: one.pinned for one in declarations}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("spec", "name", "pinned"),
    [
        ("numpy", "numpy", False),
        ("numpy==1.26.4", "numpy", True),
        ("numpy == 1.26.4 ; python_version < '3.12'", "numpy", True),
        ("numpy>=1.0", "numpy", False),
        ("numpy==1.*", "numpy", False),
        ("Scikit_Learn[all]~=1.2", "scikit-learn", False),
        ("torch===2.0+cu118", "torch", True),
        ("x @ git+https://h/x.git@0123456789abcdef", "x", True),
        ("x @ git+https://h/x.git", "x", False),
        ("git+https://h/clip.git@v1.0.2", "clip", True),
        ("git+https://h/clip.git#egg=CLIP", "clip", False),
    ],
)
def test_one_requirement(spec: str, name: str, pinned: bool) -> None:
    found = declare(spec, "requirements.txt", 1)
    assert found and (found.name, found.pinned) == (name, pinned)


@pytest.mark.parametrize("spec", ["", "# comment", "three words here", "!"])
def test_what_is_no_requirement(spec: str) -> None:
    assert declare(spec, "requirements.txt", 1) is None


def test_a_file_with_everything() -> None:
    text = "\ufeff# top\nnumpy==1.0 \\\n    --hash=sha256:aa\n-r base.txt\n-c pins.txt\n--index-url https://h\n"
    text += "torch  # gpu\n"
    found = read_requirements("requirements.txt", text)
    assert [(one.name, one.line, one.pinned) for one in found.declarations] == [("numpy", 2, True), ("torch", 7, False)]
    assert (found.includes, found.constraints) == (("base.txt",), ("pins.txt",))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_powershells_encodings_are_read(encoding: str) -> None:
    text = decode("numpy==1.0\n".encode(encoding))
    assert pins(read_requirements("requirements.txt", text).declarations) == {"numpy": True}


def test_pyproject() -> None:
    text = (
        '[project]\ndependencies = ["numpy==1.0", "torch>=2"]\n[project.optional-dependencies]\ndev = ["pytest"]\n'
        '[tool.poetry.dependencies]\npython = "^3.9"\npandas = "^1.0"\nscipy = "1.2.3"\n'
    )
    found = list(manifests.read_pyproject("pyproject.toml", text))
    assert pins(found) == {"numpy": True, "torch": False, "pytest": False, "pandas": False, "scipy": True}
    assert [one.line for one in found] == [2, 2, 4, 7, 8]
    assert [one.name for one in found if one.extra] == ["pytest"]


def test_setup_py_through_a_name_and_in_python_2() -> None:
    text = "needs = ['numpy==1.0']\nsetup(install_requires=needs, extras_require={'a': ['b']})"
    assert pins(manifests.read_setup_py("setup.py", text)) == {"numpy": True, "b": False}
    old = "print 'x'\nsetup(install_requires=['numpy', 'scipy==1.0'])"
    assert pins(manifests.read_setup_py("setup.py", old)) == {"numpy": False, "scipy": True}


def test_setup_cfg_pipfile_and_conda() -> None:
    cfg = "[options]\ninstall_requires =\n    numpy==1.0\n    torch\n"
    assert pins(manifests.read_setup_cfg("setup.cfg", cfg)) == {"numpy": True, "torch": False}
    pipfile = '[packages]\nnumpy = "==1.0"\ntorch = "*"\nx = {git = "https://h/x", ref = "main"}\n'
    assert pins(manifests.read_pipfile("Pipfile", pipfile)) == {"numpy": True, "torch": False, "x": False}
    conda = "name: x\nchannels:\n- c\ndependencies:\n- python=3.9\n"
    conda += "- conda-forge::numpy=1.2=py_0\n- torch>=1\n- pip:\n  - scipy==1.0\n  - tqdm\n"
    assert manifests.is_conda("env.yml", conda)
    assert pins(manifests.read_conda("env.yml", conda)) == {
        "python": True,
        "numpy": True,
        "torch": False,
        "scipy": True,
        "tqdm": False,
    }


@pytest.mark.parametrize("reader", [manifests.read_pyproject, manifests.read_pipfile, manifests.read_setup_cfg])
def test_a_broken_manifest_is_a_value_error(reader: object) -> None:
    with pytest.raises(ValueError):
        list(reader("x", "[project\n= 3"))  # type: ignore[operator]


def test_prose_tells_packages() -> None:
    found = installs_in(
        "README.md",
        "Run `pip install torch==1.0 numpy` first.\nconda install -c conda-forge faiss\npip install -r x.txt\n",
    )
    assert [(one.name, one.origin, one.line) for one in found] == [
        ("torch", "prose", 1),
        ("numpy", "prose", 1),
        ("faiss", "prose", 2),
    ]
    assert isinstance(declare("a", "b", 1), Declaration)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "Permission is hereby granted, free of charge, to any person obtaining a copy ... above copyright\nnotice",
            "MIT",
        ),
        ("Apache License\n   Version 2.0, January 2004", "Apache-2.0"),
        ("Redistribution and use in source and binary forms ... Neither the name of", "BSD-3-Clause"),
        ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
        ("GNU GENERAL PUBLIC LICENSE\n  Version 3, 29 June 2007", "GPL-3.0"),
        ("For academic use only.", None),
    ],
)
def test_licences_are_known_by_their_text(text: str, name: str | None) -> None:
    assert recognise(text) == name


def test_a_sentence_names_a_licence() -> None:
    assert named("Released under the MIT license") == "MIT"
    assert named("Limited use") is None
