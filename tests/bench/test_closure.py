"""Which sources a command executes."""

from __future__ import annotations

from replay.closure import code_of

FILES = {
    "src/train.py": "import json\nfrom lib import nets\nfrom .near import one\nimport helper\nopen('conf/a.yaml')\n",
    "src/helper.py": "def f():\n    import late\n",
    "src/late.py": "import helper\n",
    "src/near.py": "",
    "src/lib/__init__.py": "",
    "src/lib/deep.py": "",
    "src/lib/nets.py": "from . import deep\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import unused\n",
    "src/unused.py": "",
    "src/broken.py": "def (\n",
    "conf/a.yaml": "a: 1\n",
    "run.sh": "",
    "tool/__init__.py": "",
    "tool/__main__.py": "import src.near\n",
}


def sources(cmd: str, wdir: str = ".") -> set[str]:
    return set(code_of(cmd, wdir, frozenset(FILES), FILES.__getitem__).sources)


LIB = {"src/lib/__init__.py", "src/lib/nets.py", "src/lib/deep.py"}
TRAIN = {"src/train.py", "src/helper.py", "src/late.py", "src/near.py", *LIB}


def test_a_script_and_all_that_it_imports() -> None:
    assert sources("python src/train.py --rate 0.1") == TRAIN


def test_a_script_is_found_from_its_folder() -> None:
    assert sources("python3 train.py", wdir="src") == TRAIN
    assert sources("cd src && python train.py") == TRAIN
    assert sources("python ../src/train.py", wdir="conf") == TRAIN


def test_a_module_is_run() -> None:
    assert sources("python -m tool") == {"tool/__init__.py", "tool/__main__.py", "src/near.py"}


def test_what_cannot_be_parsed_imports_nothing() -> None:
    assert sources("python src/broken.py") == {"src/broken.py"}


def test_what_is_no_python_is_one_source() -> None:
    code = code_of("sh run.sh", ".", frozenset(FILES), FILES.__getitem__)
    assert (code.sources, code.python) == (("run.sh",), False)


def test_configuration_files_are_those_that_the_code_or_the_command_names() -> None:
    assert code_of("python src/train.py", ".", frozenset(FILES), FILES.__getitem__).configs == ("conf/a.yaml",)
    assert code_of("python src/near.py --c=conf/a.yaml", ".", frozenset(FILES), FILES.__getitem__).configs == (
        "conf/a.yaml",
    )
    assert code_of("python src/near.py", ".", frozenset(FILES), FILES.__getitem__).configs == ()
