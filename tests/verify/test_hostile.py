"""Projects that mean harm, verified in the real sandbox: contained, said, and the machine left as it was.

Each project has one stage, `evil`, that a claim rests on; what it does stands in evil.py or in its command.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fossml.engine.build import Options
from fossml.env import child_environment, interpreter
from fossml.executors.limits import Limits
from fossml.project.declared import read_project
from fossml.types import Finding
from fossml.verify.cleanroom.confine import Confinement, confinement, networked
from fossml.verify.rebuild.rebuilder import Rebuilder
from fossml.verify.rebuild.records import Built, records_for
from fossml.verify.rebuild.targets import read_targets
from tests.verify.projects import Paper

LIMITS = Limits(processes=60, memory=300 * 2**20, disk=30 * 2**20, output=2**20, seconds=300.0)
SECRET = "the-readers-secret"
STAGE = """\
stages:
  evil:
    cmd: {cmd}
    deps: [evil.py]
    metrics:
    - m.json:
        cache: false
"""
CLAIM = '[[claim]]\nid = "acc"\nmetric = "m.json:acc"\nvalue = "0.75"\nreading = "exact"\n'
GOOD = 'open("m.json", "w").write(\'{"acc": 0.75}\')\n'


@dataclass
class Lab:
    """A machine with something to lose: a home with keys, an agent, and what lies beside the project."""

    paper: Paper
    home: Path
    env: dict[str, str]

    def project(self, script: str, *, cmd: str = "python evil.py", toml: str = "", **files: str) -> None:
        named = {name.replace("__", "/"): text for name, text in files.items()}
        script = (
            textwrap.dedent(script).replace("@home@", str(self.home)).replace("@secret@", f"{self.home}/.ssh/id_rsa")
        )
        self.paper.save({"evil.py": script, "dvc.yaml": STAGE.format(cmd=cmd), "fossml.toml": CLAIM + toml, **named})

    def confinement(self) -> Confinement:
        python = interpreter("python", self.env, self.paper.root)
        return confinement(python, self.env, self.home, (self.paper.root, self.paper.cache), limits=LIMITS)

    def rebuilder(self, jobs: int = 1) -> Rebuilder:
        project = read_project(self.paper.root)
        targets = read_targets(project)
        self.paper.cache.mkdir(exist_ok=True)
        return Rebuilder(
            project,
            [target.metric for target in targets],
            ["evil"],
            Options(env=self.env, jobs=jobs),
            records_for(project, self.paper.cache, networked(project)),
            confinement=self.confinement(),
        )

    def rebuilt(self, jobs: int = 1) -> Built:
        rebuilder = self.rebuilder(jobs)
        try:
            return rebuilder.built(None)
        finally:
            rebuilder.close()


@pytest.fixture
def lab(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_rsa").write_text(SECRET)
    (home / ".gitconfig").write_text("[credential]\n\thelper = store\n")
    (home / ".git-credentials").write_text(f"https://me:{SECRET}@example.org\n")
    monkeypatch.setenv("HOME", str(home))
    for name in ("AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "SSH_AUTH_SOCK", "EVIL"):
        monkeypatch.setenv(name, SECRET)
    env = child_environment(os.environ, sys.prefix, sys.base_prefix)
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    before = machine(home)
    yield Lab(Paper(repository, tmp_path / "records"), home, env)
    assert machine(home) == before, "the machine was not left as it was"


def machine(home: Path) -> tuple[dict[str, bytes], list[str], list[str]]:
    """What must be as before: the home, control groups, processes of runs."""
    files = {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    folders = (folder for folder, _, _ in os.walk("/sys/fs/cgroup"))
    groups = sorted(folder for folder in folders if Path(folder).name.startswith(f"fossml-{os.getpid()}-"))
    running = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"DVC_ROOT={home.parent}".encode() in file.read_bytes():
                running.append(file.parent.name)
    return files, groups, running


def codes(built: Built) -> list[str]:
    return [one.code for one in built.findings]


def the(built: Built, code: str) -> Finding:
    found = [one for one in built.findings if one.code == code]
    assert len(found) == 1, built
    return found[0]


def acc(built: Built) -> float:
    return built.measured["m.json:acc"].values["acc"]


def test_a_sound_project_passes_clean(lab: Lab) -> None:
    lab.project(GOOD)
    built = lab.rebuilt()
    assert (acc(built), built.failed, built.findings) == (0.75, {}, ())


def test_a_stage_cannot_give_the_next_build_the_network_or_variables(lab: Lab) -> None:
    """It may write another fossml.toml: the next build in the same copy goes by the one that was committed."""
    lab.project("""
        import json, os, socket
        alone = len(socket.if_nameindex()) == 1 and "EVIL" not in os.environ
        with open("fossml.toml", "a") as file:
            file.write('[stage.evil]\\nnetwork = true\\nenv = ["EVIL"]\\n')
        json.dump({"acc": float(alone)}, open("m.json", "w"))
    """)
    rebuilder = lab.rebuilder()
    try:
        assert acc(rebuilder.built(None)) == 1.0
        again = rebuilder.varied("control: again", lambda _folder: "nothing", force=True)
    finally:
        rebuilder.close()
    assert again is not None
    assert acc(again) == 1.0


def test_a_committed_link_writes_nothing_outside(lab: Lab, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    lab.project(GOOD)
    (lab.paper.root / ".dvc").mkdir(exist_ok=True)
    (lab.paper.root / ".dvc" / ".gitignore").symlink_to(outside / "new")
    lab.paper.save({})
    assert acc(lab.rebuilt()) == 0.75
    assert list(outside.iterdir()) == []


def test_a_fork_bomb(lab: Lab) -> None:
    lab.project("import os\nwhile True:\n try: os.fork()\n except OSError: pass\n")
    built = lab.rebuilt()
    assert built.failed
    assert the(built, "ROOM004").message == "was stopped: it had 60 processes and threads at a time and wanted more"


def test_a_full_disk(lab: Lab) -> None:
    lab.project("import itertools\nfor n in itertools.count(): open(f'f{n}', 'wb').write(bytes(10**6))\n")
    assert "30 MiB to the disk" in the(lab.rebuilt(), "ROOM006").message


def test_a_full_home_and_tmp_count_as_disk(lab: Lab) -> None:
    lab.project("""
        import itertools, os
        for n in itertools.count():
            for place in (os.path.expanduser('~'), '/tmp'):
                open(f'{place}/f{n}', 'wb').write(bytes(10**6))
    """)
    assert the(lab.rebuilt(), "ROOM006").status == "fail"


def test_too_much_memory(lab: Lab) -> None:
    lab.project("x = []\nwhile True: x.append(b'1' * 10**7)\n")
    assert "300 MiB of memory" in the(lab.rebuilt(), "ROOM005").message


def test_endless_output(lab: Lab) -> None:
    lab.project("while True: print('x' * 1000)\n")
    assert "printed more than 1 MiB" in the(lab.rebuilt(), "ROOM007").message


def test_it_never_ends(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "LIMITS", Limits(60, 2**28, 2**28, 2**20, 1.0))
    lab.project("import signal\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: signal.pause()\n")
    assert "longer than 1 s" in the(lab.rebuilt(), "ROOM008").message


def test_it_reads_the_home_and_keys(lab: Lab) -> None:
    lab.project("print('reading')\nopen('@secret@')\n")
    built = lab.rebuilt()
    found = the(built, "ROOM002")
    assert found.message == f"asked for {lab.home}/.ssh/id_rsa, a path of the author's machine"
    assert (found.evidence[0].path, found.evidence[0].line) == ("evil.py", 2)


def test_it_looks_everywhere_for_keys(lab: Lab) -> None:
    lab.project(
        f"""
        import os, pathlib, subprocess
        secret, seen = "{SECRET[:9]}" + "{SECRET[9:]}", False
        def look(text):
            global seen
            seen = seen or secret in text
        look(repr(dict(os.environ)))
        look(subprocess.run("cat /proc/*/environ; git credential fill",
            shell=True, input="protocol=https\\nhost=example.org\\n\\n", capture_output=True, text=True).stdout)
        for top in ("@home@", "/home", os.path.expanduser("~"), "/tmp", "/var", "/run", "/mnt", "/srv"):
            for path in pathlib.Path(top).rglob("*"):
                try: look(path.read_text())
                except (OSError, ValueError): pass
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try: look(open(f"/proc/{{pid}}/root@secret@").read())
            except OSError: pass
        open("m.json", "w").write('{{"acc": 1.0}}' if seen else '{{"acc": 0.75}}')
    """
    )
    built = lab.rebuilt()
    assert built.failed == {}, built.failed
    assert acc(built) == 0.75


def test_a_declared_variable_is_given_unless_it_is_a_key(lab: Lab) -> None:
    toml = '[stage.evil]\nenv = ["HF_TOKEN", "EVIL", "AWS_SECRET_ACCESS_KEY"]\n'
    lab.project(
        f"import os\nassert [n for n, v in os.environ.items() if v == '{SECRET}'] == ['EVIL']\n{GOOD}",
        toml=toml,
    )
    assert lab.rebuilt().failed == {}


def test_it_kills_its_parent(lab: Lab) -> None:
    lab.project("import os\nfor pid in (os.getppid(), 1, -1, 0): os.kill(pid, 9)\n")
    assert "exit code" in lab.rebuilt().failed["evil"] or "signal" in lab.rebuilt().failed["evil"]


def test_a_daemon_does_not_outlive_it(lab: Lab) -> None:
    lab.project("import subprocess\nsubprocess.Popen(['setsid', 'sh', '-c', 'sleep 300 # evil'])\n" + GOOD)
    assert acc(lab.rebuilt()) == 0.75


def test_the_network(lab: Lab) -> None:
    lab.project("import urllib.request\n\nurllib.request.urlopen('http://example.org/data.csv')\n")
    found = the(lab.rebuilt(), "ROOM001")
    assert found.message == "needs the network and does not declare it"
    assert (found.evidence[0].path, found.evidence[0].line) == ("evil.py", 3)
    assert "network = true" in found.hint


@pytest.mark.parametrize("rest", [" as error: print(error)", ": pass"])
def test_the_network_tried_and_gone_without(lab: Lab, rest: str) -> None:
    lab.project(f"""
        import urllib.request
        try: urllib.request.urlopen('http://example.org/data.csv')
        except OSError{rest}
        {GOOD.strip()}
    """)
    built = lab.rebuilt()
    assert acc(built) == 0.75
    found = the(built, "ROOM001")
    assert (found.level, found.message) == (
        "soft",
        "tried the network (example.org:80), and went on without it: with it, its result may be another one",
    )
    assert [(at.path, at.line) for at in found.evidence] == [("evil.py", 3)]


def test_a_program_that_the_trace_does_not_enter_tells_it_by_what_it_prints(lab: Lab) -> None:
    script = "import urllib.request\ntry: urllib.request.urlopen('http://example.org')\nexcept OSError as e: print(e)\n"
    lab.project(script + GOOD, cmd="python -I evil.py")
    assert the(lab.rebuilt(), "ROOM001").message.startswith("tried the network, and went on")


def test_a_sound_stage_gives_nothing(lab: Lab) -> None:
    here = (
        "import socket\nwith socket.create_server(('localhost', 0)) as s: socket.create_connection(s.getsockname())\n"
    )
    lab.project(here + GOOD)
    built = lab.rebuilt()
    assert (acc(built), built.findings) == (0.75, ())


def test_a_stage_that_declares_the_network_has_it(lab: Lab) -> None:
    with socket.socket() as service:
        service.bind(("127.0.0.1", 0))
        service.listen()
        call = f"import socket\nsocket.create_connection(('127.0.0.1', {service.getsockname()[1]}), 5)\n"
        lab.project(call + GOOD, toml="[stage.evil]\nnetwork = true\n")
        assert lab.rebuilt().failed == {}
        lab.project(call + GOOD, toml="[stage.evil]\nnetwork = false\n")
        assert lab.rebuilt().failed


@pytest.mark.parametrize(
    "target", ["@secret@", "/etc/shadow", "../../../../../../../../etc/passwd", "/proc/self/environ"]
)
def test_an_output_that_is_a_link_out_of_the_room(lab: Lab, target: str) -> None:
    lab.project(f"import os\nos.symlink('{target}', 'm.json')\n")
    built = lab.rebuilt()
    assert "it left what is not taken: m.json is a link" in built.failed["evil"]
    assert built.measured["m.json:acc"].values == {}


def test_an_output_that_is_a_pipe(lab: Lab) -> None:
    lab.project("import os\nos.mkfifo('m.json')\n")
    assert "m.json is a pipe" in lab.rebuilt().failed["evil"]


@pytest.mark.parametrize("name", [".fossml", ".git", ".dvc", ".fossml/logs", ".git/config", ".git/hooks/pre-commit"])
def test_the_files_of_git_dvc_and_fossml_cannot_be_changed(lab: Lab, name: str) -> None:
    lab.project(f"""
        import os, shutil
        for act in (lambda: shutil.rmtree('{name}'), lambda: os.rename('{name}', 'away'), lambda: os.unlink('{name}'),
                    lambda: open('{name}', 'w'), lambda: os.symlink('@home@', '{name}'),
                    lambda: os.mkdir('{name}/more'), lambda: os.chmod('{name}', 0o777)):
            try: act(); print('DONE', act); raise SystemExit(1)
            except OSError as error: print(error)
        open("m.json", "w").write('{{"acc": 0.75}}')
    """)
    assert lab.rebuilt().failed == {}


def test_a_link_where_fossml_will_write(lab: Lab) -> None:
    lab.project(f"""
        import os
        for name in ("dvc.lock", "fossml.lock", ".fossml-tmp-dvc.lock", ".dvcignore", ".gitignore", "failed.json"):
            if os.path.exists(name): os.unlink(name)
            os.symlink("@home@/made-by-evil", name)
        {GOOD.strip()}
    """)
    assert "is a link" in lab.rebuilt().failed["evil"]


def test_a_python_that_the_repository_brings_is_run_inside_only(lab: Lab) -> None:
    mark = Path(tempfile.gettempdir()) / f"evil-{os.getpid()}"
    tool = f"#!/bin/sh\ntouch {mark}\necho '{{\"acc\": 0.75}}' >m.json\n"
    lab.project("", cmd="./bin/python evil.py", bin__python=tool)
    (lab.paper.root / "bin" / "python").chmod(0o755)
    lab.paper.save({})
    assert acc(lab.rebuilt()) == 0.75
    assert not mark.exists()


def test_a_repository_link_to_the_readers_keys_is_left_out(lab: Lab) -> None:
    (lab.paper.root / "keys").symlink_to(lab.home / ".ssh")
    lab.project(GOOD + "import os\nassert not os.path.lexists('keys')\n")
    built = lab.rebuilt()
    assert built.failed == {}
    assert the(built, "ROOM003").subject == "keys"
    assert str(lab.home / ".ssh") in the(built, "ROOM003").message


@pytest.mark.parametrize(
    "config",
    [
        "[core]\n    remote = r\n['remote \"r\"']\n    url = {home}/.ssh\n",
        "[cache]\n    dir = {home}/.ssh\n    type = hardlink,symlink\n",
        "[core]\n    hardlink_lock = true\n[cache]\n    dir = ../../home/.ssh\n    type = symlink\n",
    ],
)
def test_a_dvc_config_that_points_at_the_readers_files(lab: Lab, config: str) -> None:
    dvc = "outs:\n- md5: 3858f62230ac3c915f300c664312c63f\n  path: id_rsa\n  size: 6\n  hash: md5\n"
    lab.project(GOOD, **{".dvc__config": config.format(home=lab.home), "id_rsa.dvc": dvc})
    lab.paper.write({"evil.py": "import glob\nassert not glob.glob('id_rsa')\n" + GOOD})
    lab.paper.save({})
    assert lab.rebuilt().failed == {}


@pytest.mark.parametrize("path", ["{home}/.ssh/id_rsa", "../../home/.ssh/id_rsa"])
def test_an_input_outside_of_the_repository(lab: Lab, path: str) -> None:
    place = path.format(home=lab.home)
    stage = STAGE.format(cmd=f"cat {place}").replace("[evil.py]", f"[{place}]")
    lab.project(GOOD, **{"dvc.yaml": stage})
    lab.paper.save({"dvc.yaml": stage})
    assert lab.rebuilt().failed


def test_the_environment_cannot_be_changed(lab: Lab) -> None:
    lab.project(f"""
        import os, sys, json
        for path in [sys.prefix, os.path.dirname(json.__file__), sys.executable, *filter(os.path.isdir, sys.path[1:])]:
            place = path if os.path.isfile(path) else os.path.join(path, 'evil.pth')
            try: open(place, 'a'); raise SystemExit('WRITTEN ' + place)
            except OSError: pass
        {GOOD.strip()}
    """)
    assert lab.rebuilt().failed == {}


def test_a_set_uid_file_is_none_afterwards(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.project("import os, shutil\nshutil.copy('/bin/sh', 'sh')\nos.chmod('sh', 0o6755)\n" + GOOD)
    modes: list[int] = []
    remove = Rebuilder.close

    def close(self: Rebuilder) -> None:
        modes.extend(path.stat().st_mode for path in self.records.folder.rglob("sh") if path.is_file())
        remove(self)

    monkeypatch.setattr(Rebuilder, "close", close)
    lab.rebuilt()
    assert len(modes) == 1
    assert not any(mode & 0o6000 for mode in modes)


def test_a_trace_that_is_made_up_does_no_harm(lab: Lab) -> None:
    lab.project(
        f"""
        import os
        folder = os.environ["FOSSML_TRACE_FOLDER"]
        lines = b"\\nR\\t1\\t@secret@\\t1 2 3 4 5\\nS\\t\\n\\n\\t\\t\\n"
        open(f"{{folder}}/made-up", "wb").write(os.urandom(10000) + lines)
        os.symlink("@secret@", f"{{folder}}/link")
        os.mkfifo(f"{{folder}}/pipe")
        {GOOD.strip()}
    """
    )
    assert "it left what is not taken" in lab.rebuilt().failed["evil"]


def test_the_traces_reach_out_of_the_room(lab: Lab) -> None:
    lab.project("import helper\n" + GOOD, **{"helper.py": "x = 1\n"})
    project = read_project(lab.paper.root)
    targets = read_targets(project)
    lab.paper.cache.mkdir()
    records = records_for(project, lab.paper.cache, None)
    rebuilder = Rebuilder(
        project, [one.metric for one in targets], ["evil"], Options(env=lab.env), records, confinement=lab.confinement()
    )
    rebuilder.built(None)
    seen = "".join(lock.read_text() for lock in records.folder.rglob("fossml.lock"))
    rebuilder.close()
    assert "helper.py" in seen


def test_strace_traces_inside(lab: Lab) -> None:
    assert shutil.which("strace"), "strace is missing"
    lab.project(GOOD, toml='[stage.evil]\ntrace = "strace"\n')
    built = lab.rebuilt()
    assert (built.failed, acc(built)) == ({}, 0.75)


def test_git_works_inside_and_knows_the_commit(lab: Lab) -> None:
    lab.project("import subprocess\nsubprocess.run(['git', 'log', '-1', '--format=%H'], check=True)\n" + GOOD)
    assert lab.rebuilt().failed == {}
    assert subprocess.run(["git", "status", "--porcelain"], cwd=lab.paper.root, capture_output=True).stdout == b""


def test_no_stage_runs_while_the_files_of_another_are_looked_at(lab: Lab) -> None:
    stage = "  {0}:\n    cmd: date +%s%N >{0}; sleep 0.3; date +%s%N >>{0}\n    outs: [{0}]\n"
    train = "  evil:\n    cmd: python evil.py\n    deps: [a, b]\n    metrics:\n    - m.json:\n        cache: false\n"
    lab.project(
        "a, b = ([int(line) for line in open(name)] for name in 'ab')\nassert a[1] < b[0] or b[1] < a[0]\n" + GOOD
    )
    lab.paper.save({"dvc.yaml": "stages:\n" + stage.format("a") + stage.format("b") + train})
    built = lab.rebuilt(jobs=2)
    assert built.failed == {}


def test_modules_of_the_repository_do_not_run_outside_when_python_is_asked(lab: Lab) -> None:
    mark = Path(tempfile.gettempdir()) / f"evil-{os.getpid()}"
    lab.env["PYTHONPATH"] = str(lab.paper.root)
    lab.project(GOOD, **{"sitecustomize.py": f"open({str(mark)!r}, 'w')\n"})
    env = dict(lab.env)
    python = interpreter("python", env, lab.paper.root, lab.paper.root)
    confined = confinement(python, env, lab.home, (lab.paper.root, lab.paper.cache), limits=LIMITS)
    lab.confinement = lambda: confined  # type: ignore[method-assign]
    assert acc(lab.rebuilt()) == 0.75
    assert not mark.exists()
