"""What the hook sees of a program, and that the program does not see the hook."""

from __future__ import annotations

import ast
import platform
import shutil
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import fossml
import fossml.trace
from fossml.trace import collect
from fossml.trace.hook import MOST_HOSTS, MOST_MISSING
from tests.trace.conftest import Lab

HOME = Path(fossml.trace.__file__).parent


def test_reads_and_writes_by_every_way_to_open(lab: Lab) -> None:
    for name in ("a", "b", "c"):
        lab.write(f"data/{name}.txt")
    trace = lab.run(
        "import os, pathlib\n"
        "open('data/a.txt').read()\n"
        "pathlib.Path('data/b.txt').read_text()\n"
        "os.close(os.open('data/c.txt', os.O_RDONLY))\n"
        "open('w.txt', 'w').write('1')\n"
        "pathlib.Path('x.txt').write_text('1')\n"
        "os.close(os.open('y.txt', os.O_WRONLY | os.O_CREAT))\n"
    )
    assert trace.how == "hook"
    assert trace.read == ("data/a.txt", "data/b.txt", "data/c.txt")
    assert trace.written == ("w.txt", "x.txt", "y.txt")
    assert trace.outside == ()


def test_numpy_csv_json_and_pickle(lab: Lab) -> None:
    np.save(lab.root / "in.npy", np.arange(3))
    lab.write("in.csv", "1,2\n3,4\n")
    trace = lab.run(
        "import csv, json, pickle\nimport numpy as np\n"
        "a = np.load('in.npy'); b = np.loadtxt('in.csv', delimiter=',')\n"
        "list(csv.reader(open('in.csv')))\n"
        "np.save('out.npy', a); np.savetxt('out.csv', b)\n"
        "json.dump({}, open('out.json', 'w')); pickle.dump(1, open('out.pkl', 'wb'))\n"
    )
    assert trace.read == ("in.csv", "in.npy")
    assert trace.written == ("out.csv", "out.json", "out.npy", "out.pkl")
    assert trace.distributions == {"numpy": np.__version__}


@pytest.mark.parametrize(("mode", "reads"), [("a", True), ("r+", True), ("w", False), ("w+", False), ("wb", False)])
def test_a_file_opened_to_be_changed_is_read_as_well(lab: Lab, mode: str, reads: bool) -> None:
    lab.write("log.txt", "before")
    text = "b'x'" if "b" in mode else "'x'"
    trace = lab.run(f"open('log.txt', {mode!r}).write({text})")
    assert trace.written == ("log.txt",)
    assert trace.read == (("log.txt",) if reads else ())


def test_a_file_that_the_program_wrote_itself_is_not_read(lab: Lab) -> None:
    trace = lab.run("open('cache', 'w').write('1')\nopen('cache').read()\nopen('log', 'a').write('new')\n")
    assert trace.read == ()
    assert trace.written == ("cache", "log")


def test_own_modules_are_sources_also_from_bytecode(lab: Lab) -> None:
    lab.write("models/__init__.py", "")
    lab.write("models/net.py", "WIDTH = 3\n")
    lab.write("unused.py", "")
    code = "import models.net\n"
    assert lab.run(code).sources == ("main.py", "models/__init__.py", "models/net.py")
    for file in lab.folder.glob("*.trace"):
        file.unlink()
    assert list(lab.root.glob("models/__pycache__/net.*.pyc"))
    again = lab.run(code)
    assert again.sources == ("main.py", "models/__init__.py", "models/net.py")
    assert again.read == ()
    assert again.written == ()


def test_a_folder_listed_by_the_program_but_not_by_the_import_system(lab: Lab) -> None:
    lab.write("data/a/1.txt")
    lab.write("lib/helper.py", "")
    trace = lab.run("import glob, os, lib.helper\nglob.glob('data/*/*.txt')\nos.listdir()\nlist(os.walk('data'))\n")
    assert trace.listed == (".", "data", "data/a")


def test_chdir_and_relative_paths(lab: Lab) -> None:
    lab.write("sub/in.txt")
    trace = lab.run("import os\nos.chdir('sub')\nopen('in.txt')\nopen('../out.txt', 'w')\nopen('out.txt', 'w')\n")
    assert trace.read == ("sub/in.txt",)
    assert trace.written == ("out.txt", "sub/out.txt")


def test_a_name_that_is_known_is_another_file_elsewhere(lab: Lab) -> None:
    for folder in (".", "one", "two", "three"):
        lab.write(f"{folder}/x")
    trace = lab.run(
        "import ctypes, os\n"
        "def look():\n    for _ in range(2): open('x').close()\n"
        "look(); os.chdir('one'); look(); os.chdir('../two'); open(b'x').close()\n"
        "ctypes.CDLL(None).chdir(b'../three'); look(); open('x', 'a').write('more')\n"
    )
    assert trace.read == ("one/x", "three/x", "two/x", "x")
    assert trace.written == ("three/x",)


def test_a_file_written_under_another_name_has_its_last_name(lab: Lab) -> None:
    trace = lab.run(
        "import os, tempfile\n"
        "for i in range(3):\n"
        "    open('model.tmp', 'w').write(str(i)); os.replace('model.tmp', 'model.pkl')\n"
        "with tempfile.NamedTemporaryFile('w', dir='.', delete=False) as f: f.write('1')\n"
        "os.rename(f.name, 'metrics.json')\n"
        "os.makedirs('partial/deep'); open('partial/deep/a', 'w'); os.rename('partial', 'final')\n"
        "open('model.pkl').read()\n"
    )
    assert trace.written == ("final/deep/a", "metrics.json", "model.pkl")
    assert trace.read == ()


def test_files_that_are_gone_or_never_were_do_not_count(lab: Lab) -> None:
    trace = lab.run(
        "import os, tempfile\n"
        "open('scratch', 'w').write('1'); open('scratch').read(); os.remove('scratch')\n"
        "with tempfile.TemporaryDirectory() as t: open(t + '/x', 'w')\n"
        "try: open('config.local')\nexcept OSError: pass\n"
    )
    assert (trace.read, trace.written, trace.outside) == ((), (), ())


def test_files_outside_are_absolute(lab: Lab, tmp_path: Path) -> None:
    data = tmp_path / "elsewhere" / "data.csv"
    data.parent.mkdir()
    data.write_text("1")
    trace = lab.run(f"open({str(data)!r})\nopen('/etc/hostname')\nopen('/dev/null', 'w')\n")
    assert trace.outside == (str(data),)


def test_an_editable_distribution_is_imported_not_outside(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "stray.py").write_text("")
    trace = lab.run("import fossml.canon, stray", env={"PYTHONPATH": str(tmp_path)})
    assert trace.distributions["fossml"] == fossml.__version__
    assert trace.outside == (str(tmp_path / "stray.py"),)


def test_strange_names_survive(lab: Lab) -> None:
    name = "tab\there\\n new\nline\u00e9 \udcff.txt"
    trace = lab.run(f"open({name!r}, 'w')\n")
    assert trace.written == (name,)


def test_commands_and_their_python_children(lab: Lab) -> None:
    lab.write("child.py", "open('from_child', 'w')\n")
    trace = lab.run(
        "import os, subprocess, sys\n"
        "subprocess.run([sys.executable, 'child.py', '--n', '3'], check=True)\n"
        "subprocess.run('true && true', shell=True, check=True)\n"
        "os.system('true')\n"
    )
    assert trace.written == ("from_child",)
    assert trace.sources == ("child.py", "main.py")
    assert trace.commands == (
        (sys.executable, "child.py", "--n", "3"),
        ("/bin/sh", "-c", "true && true"),
        ("sh", "-c", "true"),
    )


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_children(lab: Lab, method: str) -> None:
    lab.write("in.txt")
    trace = lab.run(
        "import multiprocessing\n"
        "def work(i):\n    open('in.txt').read(); open(f'out{i}', 'w').write('1')\n"
        "if __name__ == '__main__':\n"
        f"    with multiprocessing.get_context({method!r}).Pool(2) as pool: pool.map(work, range(3))\n"
    )
    assert trace.read == ("in.txt",)
    assert trace.written == ("out0", "out1", "out2")


def test_a_file_that_one_process_writes_and_another_reads_is_not_read(lab: Lab) -> None:
    trace = lab.run(
        "import subprocess, sys\nopen('between', 'w').close()\n"
        "subprocess.run([sys.executable, '-c', 'open(\"between\")'], check=True)\n"
    )
    assert (trace.read, trace.written) == ((), ("between",))


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)", "os.closerange(3, 99)", "1 / 0"])
def test_nothing_is_lost_when_a_process_ends_in_any_way(lab: Lab, end: str) -> None:
    lab.write("in.txt")
    lab.call(f"import os, click\nopen('in.txt')\nopen('out.txt', 'w')\n{end}\n")
    trace = lab.trace()
    assert (trace.read, trace.written) == (("in.txt",), ("out.txt",))
    assert "click" in trace.distributions


def test_sqlite_is_written_only_when_it_changed(lab: Lab) -> None:
    lab.run("import sqlite3\nc = sqlite3.connect('a.db'); c.execute('create table t(x)'); c.commit(); c.close()\n")
    (lab.root / "b.db").write_bytes((lab.root / "a.db").read_bytes())
    for file in lab.folder.glob("*.trace"):
        file.unlink()
    trace = lab.run(
        "import sqlite3\n"
        "c = sqlite3.connect('a.db'); c.execute('select * from t').fetchall(); c.close()\n"
        "c = sqlite3.connect('b.db'); c.execute('insert into t values (1)'); c.commit(); c.close()\n"
    )
    assert trace.read == ("a.db", "b.db")
    assert trace.written == ("b.db",)


SHOW = (
    "import sys\n"
    "print(sorted(sys.modules)); print(sys.path); print(sys.flags); print(sorted(sys.path_importer_cache))\n"
    "import os; print(os.open('f', os.O_CREAT | os.O_WRONLY)); print(sys.argv, sys.gettrace())\n"
)


def test_the_program_looks_the_same_to_itself(lab: Lab) -> None:
    assert lab.call(SHOW).stdout == lab.call(SHOW, traced=False).stdout
    assert lab.trace().how == "hook"


@pytest.mark.parametrize(
    "code", ["raise SystemExit(7)", "import sys; sys.stderr.write('e'); print(1 / 0)", "open('no')"]
)
def test_exit_code_and_output_are_the_programs(lab: Lab, code: str) -> None:
    traced, plain = lab.call(code), lab.call(code, traced=False)
    assert (traced.returncode, traced.stdout, traced.stderr) == (plain.returncode, plain.stdout, plain.stderr)


def test_the_users_own_sitecustomize_still_runs(lab: Lab) -> None:
    lab.write("mine/sitecustomize.py", "import helper\nflag = 'set'\n")
    lab.write("mine/helper.py", "")
    trace = lab.run(
        "import sitecustomize, sys\nassert sitecustomize.flag == 'set'\nassert 'mine' in sitecustomize.__file__\n",
        env={"PYTHONPATH": str(lab.root / "mine")},
    )
    assert trace.sources == ("main.py", "mine/helper.py", "mine/sitecustomize.py")


def test_an_error_in_the_users_sitecustomize_is_shown_as_always(lab: Lab) -> None:
    lab.write("mine/sitecustomize.py", "raise ValueError('mine')\n")
    env = {"PYTHONPATH": str(lab.root / "mine")}
    traced, plain = lab.call("print(1)", env=env), lab.call("print(1)", env=env, traced=False)
    assert "ValueError: mine" in plain.stderr
    assert (traced.returncode, traced.stdout, traced.stderr) == (plain.returncode, plain.stdout, plain.stderr)


def test_a_program_runs_on_where_the_folder_is_gone(lab: Lab) -> None:
    shutil.rmtree(lab.folder)
    done = lab.call("open('out', 'w')\nprint('fine')\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")
    assert lab.trace().how == "none"


def test_a_program_runs_on_where_the_folder_goes_while_it_runs(lab: Lab) -> None:
    done = lab.call(f"import shutil\nshutil.rmtree({str(lab.folder)!r})\nopen('out', 'w')\nprint('fine')\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")


def test_bytecode_kept_elsewhere_is_no_data(lab: Lab, tmp_path: Path) -> None:
    lab.write("net.py", "")
    for _ in range(2):
        trace = lab.run("import net", env={"PYTHONPYCACHEPREFIX": str(tmp_path / "cache")})
        assert (trace.sources, trace.outside) == (("main.py", "net.py"), ())


def test_a_python_that_ignores_its_environment_has_no_trace(lab: Lab) -> None:
    assert lab.run("open('out', 'w')", "-I").how == "none"


def test_past_the_limit_only_folders_are_remembered(lab: Lab) -> None:
    trace = lab.run(
        "import gc, os\n"
        "[r] = [o for o in gc.get_objects() if type(o).__name__ == 'Recorder' and hasattr(o, 'handlers')]\n"
        "type(r).record.__globals__['LIMIT'] = 10\n"
        "os.mkdir('many')\n"
        "for i in range(100): open(f'many/{i}', 'w').close()\n"
        "assert len(r.seen) <= 20, len(r.seen)\n"
    )
    assert "many" in trace.written
    assert len(trace.written) < 20


@pytest.mark.parametrize("file", ["hook.py", "site/sitecustomize.py"])
def test_what_runs_inside_is_python_3_8_and_imports_what_is_loaded_anyway(file: str) -> None:
    tree = ast.parse((HOME / file).read_text(encoding="utf-8"), feature_version=(3, 8))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert names <= {"os", "sys", "time"}


def test_what_was_opened_in_vain_and_is_still_not_there_is_missing(lab: Lab) -> None:
    lab.write("sub/old.txt")
    trace = lab.run(
        "import os, subprocess\n"
        "def attempt(path, mode='r'):\n"
        "    try: open(path, mode).close()\n"
        "    except OSError: pass\n"
        "attempt('config.local'); attempt('none/x.txt'); attempt('/nowhere/x')\n"
        "attempt('cache'); open('cache', 'w').close()\n"
        "attempt('native'); subprocess.run(['cp', 'main.py', 'native'], check=True)\n"
        "attempt('scratch'); open('scratch', 'w').close(); os.remove('scratch')\n"
        "open('sub/old.txt').close(); os.remove('sub/old.txt')\n"
    )
    assert trace.missing == ("config.local", "none/x.txt")
    assert trace.written == ("cache",)
    assert trace.read == ()


def test_a_file_opened_in_vain_and_then_read_is_read(lab: Lab) -> None:
    trace = lab.run(
        "import subprocess\n"
        "try: open('in')\nexcept OSError: pass\n"
        "subprocess.run(['cp', 'main.py', 'in'], check=True)\nopen('in').read()\n"
    )
    assert (trace.read, trace.missing) == (("in",), ())


def test_the_missing_are_bounded(lab: Lab) -> None:
    trace = lab.run("for i in range(3000):\n    try: open(f'try{i}')\n    except OSError: pass\n")
    assert len(trace.missing) == MOST_MISSING
    assert "try0" in trace.missing


def test_files_of_a_removed_folder_are_not_missing(lab: Lab) -> None:
    trace = lab.run("import os, shutil\nos.makedirs('a/b/c'); open('a/b/c/d', 'w').close(); shutil.rmtree('a')\n")
    assert (trace.missing, trace.written) == ((), ())


def test_folders_searched_for_modules_that_lie_elsewhere(lab: Lab) -> None:
    lab.write("lib/helper.py", "import colorsys\n")
    lab.write("own.py", "")
    lab.write("late/own.py", "")
    trace = lab.run(
        "import sys\nsys.path.insert(1, 'lib'); sys.path.append('late')\n"
        "import random, json.decoder, helper, own, click, sys, os\n"
        "import importlib; importlib.import_module('tomllib')\n"
        "try: import local_settings\nexcept ImportError: pass\n"
    )
    here, lib, late = (set(trace.searched.get(folder, ())) for folder in (".", "lib", "late"))
    assert {"random", "json", "click", "colorsys", "helper", "tomllib", "local_settings/*"} <= here
    assert {"random", "json", "click", "colorsys", "tomllib", "local_settings/*"} <= lib
    assert late == {"local_settings/*"}
    assert not {"own", "sys", "os", "json.decoder", "main"} & here
    assert "helper" not in lib


def test_a_module_put_beside_the_script_would_have_been_found_where_it_was_searched(lab: Lab) -> None:
    code = "import sys, random\nassert 'random' in sys.modules\n"
    assert "random" in lab.run(code).searched["."]
    lab.write("random.py", "")
    assert "random.py" in lab.run(code).sources


EDIT = "import os, sys\npath = sys.argv[1]\ntext = open(path).read()\nopen(path, 'w').write(text + '#')\n"


def test_what_somebody_else_changes_meanwhile_is_changed(lab: Lab, tmp_path: Path) -> None:
    """A child without the hook stands for somebody else; it changes the files as soon as they have been read."""
    for name in ("data.csv", "kept.csv", "helper.py", "touched.csv", "linked.csv", "moved.csv"):
        lab.write(name, "# 1\n")
    edit = tmp_path / "edit.py"
    edit.write_text(EDIT)
    lab.run(
        "import helper, os, subprocess, sys\n"
        "for name in ('data', 'kept', 'touched', 'linked', 'moved'): open(name + '.csv').close()\n"
        f"edit = [sys.executable, '-I', {str(edit)!r}]\n"
        "for name in ('data.csv', 'helper.py'): subprocess.run([*edit, name], check=True)\n"
        "subprocess.run(['touch', '-d', '2001-01-01', 'touched.csv'], check=True)\n"
        "subprocess.run(['ln', 'linked.csv', 'second'], check=True)\n"
        "subprocess.run(['chmod', 'o-r', 'linked.csv'], check=True)\n"
        "subprocess.run(['sh', '-c', 'cp -p moved.csv t && echo 2 > t && touch -r moved.csv t && mv t moved.csv'])\n"
    )
    trace = lab.trace()
    assert trace.changed == ("data.csv", "helper.py", "moved.csv", "touched.csv")
    assert trace.written == ()


def test_a_script_edited_while_it_runs_is_changed_also_from_bytecode(lab: Lab, tmp_path: Path) -> None:
    lab.write("helper.py", "# 1\n")
    edit = tmp_path / "edit.py"
    edit.write_text(EDIT)
    for _ in range(2):
        for file in lab.folder.glob("*.trace"):
            file.unlink()
        command = f"subprocess.run([sys.executable, '-I', {str(edit)!r}, name], check=True)\n"
        trace = lab.run(f"import helper, subprocess, sys\nfor name in ('main.py', 'helper.py'): {command}")
        assert trace.changed == ("helper.py", "main.py")
        lab.run("import helper\n")  # writes the bytecode of what is there now


def test_what_was_written_just_before_and_what_the_run_writes_is_not_changed(lab: Lab) -> None:
    trace = lab.run(
        "import subprocess\n"
        "for i in range(50):\n"
        "    subprocess.run(['cp', 'main.py', f'f{i}'], check=True); open(f'f{i}').close()\n"
        "open('state', 'w').close(); open('state').read(); open('state', 'a').write('more')\n"
    )
    assert (trace.changed, len(trace.read)) == ((), 50)


def test_to_open_a_file_to_write_is_not_to_write_it(lab: Lab) -> None:
    for name in ("locked", "both", "appended"):
        lab.write(name, "before")
    trace = lab.run(
        "import os\n"
        "try: open('locked', 'x')\nexcept OSError: pass\n"
        "open('both', 'r+').read(); open('appended', 'a').close()\n"
        "os.symlink('.', 'link')\n"
    )
    assert trace.written == ("link",)
    assert trace.read == ("appended", "both")


def test_the_interpreter_and_the_folders_of_its_packages(lab: Lab) -> None:
    trace = lab.run("import click")
    assert trace.python == platform.python_version()
    assert trace.packages == (sysconfig.get_path("purelib"),)
    assert lab.run("").packages == trace.packages


def test_the_attempts_of_a_resumed_stage_are_one_run(lab: Lab, tmp_path: Path) -> None:
    again = Lab(lab.root, tmp_path / "again")
    again.folder.mkdir()
    for name in ("a", "b"):
        lab.write(name)
    lab.call("import os\nopen('a'); open('checkpoint', 'w').write('1')\nos.kill(os.getpid(), 9)\n")
    again.run("open('b'); open('checkpoint').read(); open('out', 'w').close()\n")
    trace = collect([again.folder, lab.folder], lab.root)
    assert (trace.read, trace.written) == (("a", "b"), ("checkpoint", "out"))


def test_a_python_child_that_ignores_its_environment_is_told(lab: Lab) -> None:
    lab.write("child.py", "")
    trace = lab.run(
        "import os, subprocess, sys\n"
        "python = sys.executable\n"
        "subprocess.run([python, 'child.py'], check=True)\n"
        "subprocess.run([python, '-I', 'child.py'], check=True)\n"
        "subprocess.run([python, '-c', 'pass'], check=True, env={})\n"
        "subprocess.run(python + ' child.py -I && X=1 ' + python + ' -uE child.py', check=True, shell=True)\n"
        "os.system(python + ' -W ignore -S child.py')\n"
    )
    python = sys.executable
    assert trace.how == "hook"
    assert trace.untraced == (
        (python, "-I", "child.py"),
        (python, "-c", "pass"),
        (python, "-uE", "child.py"),
        (python, "-W", "ignore", "-S", "child.py"),
    )


def test_a_stage_that_is_itself_such_a_python_is_told_by_its_command(lab: Lab) -> None:
    lab.call("open('out', 'w')", "-I")
    trace = collect(lab.folder, lab.root, "python -I main.py && echo done")
    assert (trace.how, trace.untraced) == ("none", (("python", "-I", "main.py"),))
    lab.run("open('out', 'w')")
    assert collect(lab.folder, lab.root, "python main.py -I").untraced == ()


def test_a_python_of_which_nothing_was_recorded_is_told(lab: Lab) -> None:
    trace = collect(lab.folder, lab.root, "X=1 python main.py && echo done")
    assert (trace.how, trace.untraced) == ("none", (("python", "main.py"),))


NETWORK = """\
import socket, urllib.request

def fetch(url):
    try:
        return urllib.request.urlopen(url, timeout=1).read()
    except OSError:
        return b"0.5"

fetch("http://weights.invalid/a")
fetch("http://weights.invalid/b")
try:
    socket.create_connection(("192.0.2.1", 9), timeout=0.01)
except OSError:
    pass
"""
LOCAL = """\
import socket, os
with socket.socket() as here:
    here.bind(("127.0.0.1", 0)); here.listen()
    socket.create_connection(here.getsockname()).close()
    socket.create_connection(("localhost", here.getsockname()[1])).close()
with socket.socket(socket.AF_UNIX) as door:
    door.bind("door"); door.listen()
    socket.socket(socket.AF_UNIX).connect("door")
try:
    socket.gethostbyname(socket.gethostname())
except OSError:
    pass
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
    try:
        own.connect(("192.0.2.1", 80))  # which sends nothing: how programs learn their own address
    except OSError:
        pass
"""


def test_what_was_tried_of_the_network_with_the_line_though_the_program_swallows_it(lab: Lab) -> None:
    assert lab.run(NETWORK).network == {"weights.invalid:80": "main.py:5", "192.0.2.1:9": "main.py:12"}


def test_this_machine_and_unix_sockets_are_no_network(lab: Lab) -> None:
    assert lab.run(LOCAL).network == {}


def test_an_address_that_a_name_stands_for_is_not_told_beside_it(lab: Lab) -> None:
    script = (
        "import socket\nfor host in ('example.invalid', '192.0.2.1'):\n"
        "    try: socket.create_connection((host, 9), timeout=0.01)\n    except OSError: pass\n"
    )
    assert lab.run(script).network == {"example.invalid:9": "main.py:3"}


def test_hosts_are_told_once_and_not_without_end(lab: Lab) -> None:
    script = (
        "import socket\nfor number in range(300):\n    for _ in range(2):\n"
        "        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:\n"
        "            one.setblocking(False)\n            try: one.sendto(b'', ('192.0.2.1', number + 1))\n"
        "            except OSError: pass\n"
    )
    assert len(lab.run(script).network) == MOST_HOSTS
    records = [line for file in lab.folder.glob("*.trace") for line in file.read_text().splitlines() if line[0] == "T"]
    assert len(records) == MOST_HOSTS


@pytest.mark.parametrize("line", ["T\t1\thost\t1\t@/../secret\t1", "T\t1\thost\t1\t@/main.py\tx", "T\t1\thost\t1\t\t"])
def test_a_record_that_was_forged_names_no_other_place(lab: Lab, line: str) -> None:
    (lab.folder / "1.trace").write_text(line.replace("@", str(lab.root)) + "\n")
    assert lab.trace().network == {"host:1": ""}
