"""What strace sees of a command, and that it sees what the hook sees."""

from __future__ import annotations

import platform
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fossml.trace import collect
from fossml.trace.strace import available, wrapped
from fossml.types import Trace
from tests.trace.conftest import Lab


def python(lab: Lab, code: str, name: str = "main.py") -> Trace:
    lab.write(name, code)
    return lab.shell(f"$PYTHON {name}")


def test_it_can_be_used_here() -> None:
    assert available() == ""


def test_why_it_cannot_be_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not installed" in available()
    fake = tmp_path / "strace"
    told = (
        'case "$*" in *--version*) echo "strace -- version $V" ;; *) echo "strace: PTRACE denied" >&2; exit 1 ;; esac'
    )
    fake.write_text(f"#!/bin/sh\n{told}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("V", "4.26")
    assert "4.26 is too old" in available()
    monkeypatch.setenv("V", "6.1")
    assert available() == "strace may not trace processes here: PTRACE denied"


@pytest.mark.parametrize(("end", "code"), [("exit 7", 7), ("kill -9 $$", -9)])
def test_the_exit_code_is_the_commands(lab: Lab, end: str, code: int) -> None:
    done = subprocess.run(wrapped(["/bin/sh", "-c", f"cat /dev/null > out; {end}"], lab.folder), cwd=lab.root)
    assert done.returncode == code
    assert lab.trace().written == ("out",)


def test_programs_of_a_shell(lab: Lab) -> None:
    for name in ("a", "b", "sub/c", "old"):
        lab.write(name, "text\n")
    lab.write("run.sh", "#!/bin/sh\ncat sub/c > from_script\n").chmod(0o755)
    trace = lab.shell(
        "cat a > out; cp b copy; ls sub > /dev/null; cd sub && cat ../a c > ../both; cd ..; mv both moved;"
        " cat none 2> /dev/null; test -e probed; ./run.sh; ln -s a link; ln a hard; rm old; echo more >> log"
    )
    assert trace.how == "strace"
    assert trace.read == ("a", "b", "run.sh", "sub/c")
    assert trace.written == ("copy", "from_script", "hard", "link", "log", "moved", "out")
    assert trace.listed == ("sub",)
    assert trace.missing == ("none", "probed")
    assert trace.outside == ()
    assert (trace.python, trace.sources) == ("", ())
    assert ("cp", "b", "copy") in trace.commands


def test_a_file_appended_to_is_read_only_if_it_held_something(lab: Lab) -> None:
    lab.write("held", "before")
    trace = python(lab, "for name in ('held', 'fresh'): open(name, 'a').write('x')")
    assert (trace.read, trace.written) == (("held",), ("fresh", "held"))


def test_native_code_that_the_hook_does_not_see(lab: Lab) -> None:
    lab.write("native.bin", "text")
    code = (
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.fopen.restype = ctypes.c_void_p\n"
        "libc.fopen(b'native.bin', b'r')\nlibc.fopen(b'made.bin', b'w')\nlibc.fopen(b'none.bin', b'r')\n"
    )
    hook = lab.run(code)
    assert (hook.read, hook.written, hook.missing) == ((), (), ())
    (lab.root / "made.bin").unlink()
    trace = python(lab, code)
    assert (trace.read, trace.written, trace.missing) == (("native.bin",), ("made.bin",), ("none.bin",))


def test_numpy_and_sqlite(lab: Lab) -> None:
    np.arange(6.0).tofile(lab.root / "raw.bin")
    make = "import sqlite3\nc = sqlite3.connect({!r}); c.execute('create table t(x)'); c.commit(); c.close()\n"
    subprocess.run([sys.executable, "-c", make.format("a.db") + make.format("b.db")], cwd=lab.root, check=True)
    trace = python(
        lab,
        "import numpy as np, sqlite3, os, time\n"
        "np.memmap('raw.bin'); np.fromfile('raw.bin').tofile('out.bin')\n"
        "c = sqlite3.connect('a.db'); c.execute('select * from t').fetchall(); c.close()\n"
        "c = sqlite3.connect('b.db'); c.execute('insert into t values (1)'); c.commit(); c.close()\n",
    )
    assert trace.read == ("a.db", "b.db", "raw.bin")
    assert "out.bin" in trace.written
    assert "b.db" in trace.written
    assert trace.distributions["numpy"] == np.__version__
    assert trace.packages == (sysconfig.get_path("purelib"),)
    assert trace.python == platform.python_version()


def test_sources_also_from_bytecode_and_modules_that_lie_elsewhere(lab: Lab, tmp_path: Path) -> None:
    lab.write("lib/models/__init__.py", "")
    lab.write("lib/models/net.py", "import colorsys\n")
    code = (
        "import sys\nsys.path.insert(1, 'lib')\nimport models.net, click, importlib\n"
        "importlib.import_module('tomllib')\n"
    )
    elsewhere = {"PYTHONPYCACHEPREFIX": str(tmp_path / "cache")}
    for env in ({}, {}, elsewhere, elsewhere):
        for file in lab.folder.iterdir():
            file.unlink()
        lab.write("main.py", code)
        trace = lab.shell("$PYTHON main.py", env)
        assert trace.sources == ("lib/models/__init__.py", "lib/models/net.py", "main.py")
        assert (trace.read, trace.listed, trace.missing, trace.outside) == ((), (), (), ())
        assert {"click", "colorsys", "tomllib", "models"} <= set(trace.searched["."])
        assert {"click", "colorsys", "tomllib"} <= set(trace.searched["lib"])
        assert not {"models", "net"} & set(trace.searched["lib"])
        assert "click" in trace.distributions


def test_a_script_that_names_its_interpreter(lab: Lab) -> None:
    lab.write("tool", f"#!{sys.executable}\nimport helper\n").chmod(0o755)
    lab.write("helper.py", "")
    trace = lab.shell("./tool")
    assert (trace.read, trace.sources, trace.python) == (("tool",), ("helper.py",), platform.python_version())


def test_forks_threads_and_folders_of_processes(lab: Lab) -> None:
    for name in ("a", "sub/b", "sub/c", "d"):
        lab.write(name)
    trace = python(
        lab,
        "import os, threading\n"
        "if os.fork() == 0:\n"
        "    os.chdir('sub'); open('b').close(); os.rename('c', 'c2'); os._exit(0)\n"
        "os.wait()\n"
        "open('a').close()\n"
        "def work():\n    os.chdir('sub')\n"
        "thread = threading.Thread(target=work); thread.start(); thread.join()\n"
        "os.rename('c2', 'c3'); os.fchdir(os.open('..', os.O_RDONLY | os.O_DIRECTORY)); os.rename('d', 'd2')\n"
        "os.mkdir('made'); fd = os.open('made', os.O_RDONLY)\n"
        "os.close(os.open('inner', os.O_CREAT | os.O_WRONLY, dir_fd=fd))\n",
    )
    assert trace.read == ("a", "sub/b")
    assert trace.written == ("d2", "made/inner", "sub/c3")


def test_a_python_that_the_hook_cannot_enter_is_seen(lab: Lab) -> None:
    lab.write("main.py", "open('out', 'w').close()")
    trace = lab.shell("$PYTHON -I -S main.py")
    assert (trace.sources, trace.written, trace.untraced) == (("main.py",), ("out",), ())


def test_what_somebody_else_changes_meanwhile_is_changed(lab: Lab) -> None:
    lab.write("data", "1")
    lab.write("kept", "1")
    lab.shell("cat data kept")
    (lab.root / "data").write_text("2")
    assert lab.trace().changed == ("data",)


def test_the_hook_beside_it_is_not_seen(lab: Lab) -> None:
    from fossml.trace import traced_env

    lab.write("main.py", "import click, nowhere_at_all\n")
    trace = lab.shell("$PYTHON main.py || true", traced_env({}, lab.folder, lab.root))
    assert (trace.how, trace.sources, trace.outside) == ("strace", ("main.py",), ())
    assert "nowhere_at_all/*" in trace.searched["."]
    assert "fossml" not in trace.distributions


@dataclass(frozen=True)
class Op:
    """One thing that a random program does with a path."""

    text: str
    path: str


PATHS = st.sampled_from(["a", "b", "c", "sub/a", "sub/b", "new", "sub/new", "none"])
OPS = st.sampled_from(
    [
        "open({!r}).read()",
        "open({!r}, 'w').write('1')",
        "open({!r}, 'a').write('1')",
        "open({!r}, 'x').write('1')",
        "open({!r}, 'r+').write('2')",
        "os.remove({!r})",
        "os.replace({!r}, 'moved')",
        "os.link({!r}, 'linked')",
        "os.listdir(os.path.dirname({!r}) or '.')",
        "sorted(glob.glob({!r} + '*'))",
        "__import__({!r}.replace('sub/', 'mod_'))",
        "thread({!r})",
        "fork({!r})",
    ]
)
PROGRAM = (
    "import glob, os, threading\n"
    "def thread(path):\n    one = threading.Thread(target=lambda: open(path).close()); one.start(); one.join()\n"
    "def fork(path):\n    if os.fork() == 0:\n"
    "        try: os.chdir('sub'); open(os.path.basename(path)).close()\n        finally: os._exit(0)\n"
    "    os.wait()\n"
    "def attempt(act):\n    try: act()\n    except (OSError, ImportError): pass\n"
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(OPS, PATHS), max_size=8))
def test_hook_and_strace_agree(acts: list[tuple[str, str]]) -> None:
    quiet = "threading.excepthook = lambda *_: None\n"
    code = PROGRAM + quiet + "".join(f"attempt(lambda: {op.format(path)})\n" for op, path in acts)
    seen = []
    for strace in (False, True):
        with tempfile.TemporaryDirectory() as place:
            lab = Lab(Path(place, "repo"), Path(place, "records"))
            lab.folder.mkdir()
            for name in ("a", "b", "c", "sub/a", "sub/b", "a.py", "mod_b.py"):
                lab.write(name, "1 + 1\n")
            trace = python(lab, code) if strace else lab.run(code)
            seen.append((trace.sources, trace.read, trace.written, trace.listed, trace.missing, trace.outside))
    assert seen[0] == seen[1]


def test_several_folders_and_both_means(lab: Lab, tmp_path: Path) -> None:
    lab.run("open('first', 'w').close()")
    again = Lab(lab.root, tmp_path / "again")
    again.folder.mkdir()
    again.shell("cat first > second")
    trace = collect([lab.folder, again.folder], lab.root)
    assert (trace.how, trace.read, trace.written) == ("strace", (), ("first", "second"))
