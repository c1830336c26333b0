"""Forms in which a stage reads what nobody declared: after the edit it must run again, or it must not."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from fossml.project.dvcconfig import ensure_dvc
from tests.engine.test_build import run
from tests.engine.test_traced import ENV

Edit = Callable[[Path], object]
SAVE = "open('out.txt', 'w').write(str(%s))\n"
MODULE = {"mod.py": "x = 1\n"}


@dataclass(frozen=True)
class Form:
    """A project, what is done to it before its first build (`setup`) and after, and the stages that must run then.

    `files` may leave out dvc.yaml: then there is one stage `s`, `cmd`, which makes out.txt.
    """

    files: Mapping[str, str]
    edit: Edit
    runs: tuple[str, ...] = ("s",)
    cmd: str = "python main.py"
    setup: Edit | None = None


def main(value: str, before: str = "") -> dict[str, str]:
    return {"main.py": f"{before}\n{SAVE % value}"}


def stages(**each: Mapping[str, object]) -> dict[str, str]:
    return {"dvc.yaml": json.dumps({"stages": each})}


def write(name: str, text: str) -> Edit:
    def edit(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    return edit


def remove(*names: str) -> Edit:
    def edit(root: Path) -> None:
        for name in names:
            shutil.rmtree(root / name) if (root / name).is_dir() else (root / name).unlink()

    return edit


def link(target: str) -> Edit:
    def edit(root: Path) -> None:
        (root / "link").unlink(missing_ok=True)
        (root / "link").symlink_to(target)

    return edit


def in_place_with_its_times(root: Path) -> None:
    before = (root / "data").stat()
    (root / "data").write_text("2")
    os.utime(root / "data", ns=(before.st_atime_ns, before.st_mtime_ns))


def zipped(value: int) -> Edit:
    def edit(root: Path) -> None:
        with zipfile.ZipFile(root / "code.zip", "w") as file:
            file.writestr("inner.py", f"x = {value}\n")
            file.writestr("__main__.py", SAVE % value)

    return edit


def bytecode(value: int) -> Edit:
    def edit(root: Path) -> None:
        import py_compile

        source = root / "t.py"
        source.write_text(f"x = {value}\n")
        py_compile.compile(str(source), str(root / "bare.pyc"))
        source.unlink()

    return edit


def row(root: Path) -> None:
    with sqlite3.connect(root / "a.db") as database:
        database.execute("create table if not exists t(x)")
        database.execute("insert into t values (1)")


POOL = """\
import multiprocessing
def read(_):
    return open('data').read()
if __name__ == '__main__':
    with multiprocessing.get_context('{}').Pool(1) as pool:
        open('out.txt', 'w').write(str(pool.map(read, [1])))
"""
LOGS = """\
import os{}
os.makedirs('logs', exist_ok=True)
os.mkdir(here := f"logs/version_{{len(os.listdir('logs'))}}")
open(here + '/log', 'w').close()
open('{}', 'w').close()
"""
LOGGING = stages(a={"cmd": "python a.py", "outs": ["a"]}, b={"cmd": "python b.py", "deps": ["a"], "outs": ["b"]})
WAITING = """\
import os, time
while not os.path.exists('a.txt'): time.sleep(0.01)
open('b.txt', 'w').write(open('a.txt').read())
"""
PARTS = "import mod\nfor i in range(mod.x): open(f'part{i}.csv', 'w').close()\nopen('a', 'w').close()\n"
SQL = "sqlite3.connect('file:a.db?mode=ro', uri=True).execute('select * from t').fetchall()"
DATA = {**main("open('data').read()"), "data": "1"}
LISTED = {"d/e/a.csv": "1"}
NAMED = "sorted(map(str, pathlib.Path('d').rglob('*.csv')))"
AROUND = "[open(path).read() for path in __import__('glob').glob('../far/*/*')]"
OTHER = write("mod.py", "x = 2\n")

FORMS = {
    # how code is loaded
    "a lazy import": Form({**main("f()", "def f():\n import mod\n return mod.x"), **MODULE}, OTHER),
    "importlib": Form({**main("m.x", "import importlib\nm = importlib.import_module('mod')"), **MODULE}, OTHER),
    "exec of a text": Form({**main("x", "exec(open('mod.py').read())"), **MODULE}, OTHER),
    "runpy": Form({**main("runpy.run_path('mod.py')['x']", "import runpy"), **MODULE}, OTHER),
    "a zip on sys.path": Form(
        main("inner.x", "import sys; sys.path.insert(0, 'code.zip'); import inner"), zipped(2), setup=zipped(1)
    ),
    "a zip that is run": Form({}, zipped(2), cmd="python code.zip", setup=zipped(1)),
    "python -m": Form(
        {"pk/__init__.py": "", "pk/__main__.py": "from .m import x\n" + SAVE % "x", "pk/m.py": "x = 1\n"},
        write("pk/m.py", "x = 2\n"),
        cmd="python -m pk",
    ),
    "bytecode alone": Form(main("bare.x", "import bare"), bytecode(2), setup=bytecode(1)),
    "a shell script": Form(
        {**main("mod.x", "import mod"), **MODULE, "run.sh": "python main.py\n"}, OTHER, cmd="sh run.sh"
    ),
    "PYTHONPATH set by the command": Form(
        {**main("lib.x", "import lib"), "src/lib.py": "x = 1\n"},
        write("src/lib.py", "x = 2\n"),
        cmd="PYTHONPATH=src python main.py",
    ),
    "the end by os._exit": Form(
        {"main.py": "import os, mod\nf = open('out.txt', 'w')\nf.write('1')\nf.close()\nos._exit(0)\n", **MODULE}, OTHER
    ),
    "a symlinked module": Form(
        {
            **main("link.x", "import sys\nsys.path.insert(0, 'link')\nimport link"),
            "one/link.py": "x = 1\n",
            "two/link.py": "x = 2\n",
        },
        link("two"),
        setup=link("one"),
    ),
    # what a new file hides, or adds
    "a module of the standard library hidden": Form(main("1", "import colorsys"), write("colorsys.py", "")),
    "a package installed hidden": Form(main("1", "import click"), write("click/__init__.py", "")),
    "a module hidden by a package": Form(
        {**main("mod.x", "import mod"), **MODULE}, write("mod/__init__.py", "x = 2\n")
    ),
    "a submodule hidden by a package": Form(
        {**main("m.x", "from pk import m"), "pk/__init__.py": "", "pk/m.py": "x = 1\n"},
        write("pk/m/__init__.py", "x = 2\n"),
    ),
    "a module that was nowhere": Form(
        main("h", "try:\n import extra as h\nexcept ImportError:\n h = 0"), write("extra.py", "")
    ),
    "a folder without __init__ that was nowhere": Form(
        main("h", "try:\n from extra import part as h\nexcept ImportError:\n h = 0"), write("extra/part.py", "")
    ),
    "a new folder of a namespace package": Form(
        {
            **main("ns.x.v", "import sys; sys.path[:0] = ['one', 'two']\nimport ns.x"),
            "two/ns/x.py": "v = 1\n",
            "one/k": "",
        },
        write("one/ns/x.py", "v = 2\n"),
    ),
    "plugins found by pkgutil": Form(
        {**main("[m.name for m in pkgutil.iter_modules(pk.__path__)]", "import pkgutil, pk"), "pk/__init__.py": ""},
        write("pk/new.py", ""),
    ),
    "a module that nobody looks for": Form(main("1", "import colorsys"), write("other.py", ""), ()),
    # data
    "a symlinked folder of the same data": Form(
        {**main("open('link/a').read()"), "one/a": "1", "two/a": "1"}, link("two"), (), setup=link("one")
    ),
    "a symlinked folder": Form(
        {**main("open('link/a').read()"), "one/a": "1", "two/a": "2"}, link("two"), setup=link("one")
    ),
    "the same size and time": Form(DATA, in_place_with_its_times),
    "an ignored file in a declared folder": Form(
        {
            **main("open('d/n.log').read()"),
            "d/n.log": "1",
            "d/a": "1",
            ".dvcignore": "*.log\n",
            **stages(s={"cmd": "python main.py", "deps": ["d"], "outs": ["out.txt"]}),
        },
        write("d/n.log", "2"),
    ),
    "data of a package": Form(
        {
            **main("files('pk').joinpath('d').read_text()", "from importlib.resources import files"),
            "pk/__init__.py": "",
            "pk/d": "1",
        },
        write("pk/d", "2"),
    ),
    "another working folder": Form(
        {**main("open('data').read()", "import os\nos.chdir('d')"), "d/data": "1"},
        write("d/data", "2"),
        cmd="python main.py && mv d/out.txt .",
    ),
    "a pool that forks": Form({"main.py": POOL.format("fork"), "data": "1"}, write("data", "2")),
    "a pool that spawns": Form({"main.py": POOL.format("spawn"), "data": "1"}, write("data", "2")),
    "SQLite by a URI": Form(main(SQL, "import sqlite3"), row, setup=row),
    "a file in a folder below": Form({**main(NAMED, "import pathlib"), **LISTED}, write("d/e/b.csv", "1")),
    "a folder by its descriptor": Form(
        {**main("os.listdir(os.open('d', os.O_RDONLY))", "import os"), "d/a": ""}, write("d/b", "")
    ),
    "a file by the descriptor of its folder": Form(
        {
            **main("os.read(os.open('a', os.O_RDONLY, dir_fd=fd), 9)", "import os\nfd = os.open('d', os.O_RDONLY)"),
            "d/a": "1",
            "a": "1",
        },
        write("d/a", "2"),
    ),
    "a file that is not in the folder of a descriptor": Form(
        {
            **main(
                "h",
                "import os\nfd = os.open('d', os.O_RDONLY)\n"
                "try:\n h = os.open('a', os.O_RDONLY, dir_fd=fd)\nexcept OSError:\n h = 0",
            ),
            "d/k": "",
        },
        write("d/a", "1"),
    ),
    "a file moved by the descriptor of its folder": Form(
        {
            **main(
                "open('d/b').read()",
                "import os\nfd = os.open('d', os.O_RDONLY)\nopen('d/a', 'w').close()\n"
                "os.rename('a', 'b', src_dir_fd=fd, dst_dir_fd=fd)",
            ),
            "d/k": "",
        },
        write("d/b", "2"),
        (),
    ),
    "a file in a folder outside": Form(main(AROUND), write("../far/d/b", "1"), setup=write("../far/d/a", "1")),
    "a file in a hidden folder outside": Form(
        main(AROUND.replace("far", ".far")), write("../.far/d/b", "1"), (), setup=write("../.far/d/a", "1")
    ),
    "a file in a folder outside of which none was read": Form(
        main("__import__('glob').glob('../far/*/*')"), write("../far/d/b", "1"), (), setup=write("../far/d/a", "1")
    ),
    "a file listed and not read": Form({**main(NAMED, "import pathlib"), **LISTED}, write("d/e/a.csv", "2"), ()),
    "a file opened in vain": Form(
        main("h", "try:\n h = open('d/opt').read()\nexcept OSError:\n h = 0"), write("d/opt", "1")
    ),
    # meaning
    "a comment": Form({**main("mod.x", "import mod"), **MODULE}, write("mod.py", "# one\nx   =   1\n"), ()),
    "minus zero": Form({**main("mod.x", "import mod"), "mod.py": "x = 0.0\n"}, write("mod.py", "x = -0.0\n")),
    "another encoding of the same bytes": Form(
        {**main("ascii(mod.x)", "import mod"), "mod.py": "# coding: utf-8\nx = '\u00e9'\n"},
        write("mod.py", "# coding: latin-1\nx = '\u00e9'\n"),
    ),
    "a byte order mark": Form({**main("mod.x", "import mod"), **MODULE}, write("mod.py", "\ufeffx = 1\n"), ()),
    # records and outputs
    "an output deleted": Form(DATA, remove("out.txt"), ()),
    "an output and the cache deleted": Form(DATA, remove("out.txt", ".dvc/cache")),
    "both locks deleted": Form(DATA, remove("dvc.lock", "fossml.lock"), ()),
    "what fossml remembers deleted": Form(DATA, remove(".fossml"), ()),
    # several stages
    "logs, each in the next free folder": Form(
        {**LOGGING, "a.py": LOGS.format(", mod", "a"), "b.py": LOGS.format("", "b"), **MODULE}, OTHER, ("a",)
    ),
    "files that another stage writes beside its output": Form(
        {
            **stages(
                a={"cmd": "python a.py", "outs": ["a"]}, c={"cmd": "python c.py", "deps": ["a"], "outs": ["out.txt"]}
            ),
            **MODULE,
            "a.py": PARTS,
            "c.py": "import glob\n" + SAVE % "glob.glob('*.csv')",
        },
        OTHER,
        ("a", "c"),
    ),
    "an output read before it was made, undeclared": Form(
        {
            **stages(b={"cmd": "python b.py", "outs": ["b.txt"]}, a={"cmd": "python a.py", "outs": ["a.txt"]}),
            "a.py": "open('a.txt', 'w').write(open('data').read())\n",
            "b.py": WAITING,
            "data": "1",
        },
        write("data", "2"),
        ("a", "b"),
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_it_runs_again_just_where_it_must(repository: Path, name: str) -> None:
    form = FORMS[name]
    one = stages(s={"cmd": form.cmd, "outs": ["out.txt"]})
    for path, text in {**one, **form.files}.items():
        write(path, text)(repository)
    ensure_dvc(repository)
    if form.setup is not None:
        form.setup(repository)
    built(repository)
    assert built(repository) == (), "a second build ran something"
    form.edit(repository)
    assert built(repository) == form.runs
    assert built(repository) == (), "a build after it ran something"


def built(root: Path) -> tuple[str, ...]:
    """The stages that a build runs."""
    summary, events = run(root, env=ENV)
    assert summary.failed == 0, events
    return tuple(sorted(event.stage for event in events if event.event == "done"))


def test_a_stage_that_waited_runs_on_what_is_there_when_its_turn_comes(repository: Path) -> None:
    """The first edits the parameter of the second, which was looked at before: the record says what it read."""
    text = "import json\n" + SAVE % "json.load(open('p.json'))['x']"
    params = {"cmd": "python main.py", "params": [{"p.json": ["x"]}], "outs": ["out.txt"]}
    both = stages(a={"cmd": "python a.py", "outs": ["a"]}, b=params)
    for path, content in {
        **both,
        "a.py": "open('a', 'w').close()\nopen('p.json', 'w').write('{\"x\": 2}')\n",
        "main.py": text,
        "p.json": '{"x": 1}',
    }.items():
        write(path, content)(repository)
    ensure_dvc(repository)
    run(repository, env=ENV, jobs=1)
    assert (repository / "out.txt").read_text() == "2"
    assert "x: 2" in (repository / "dvc.lock").read_text()
