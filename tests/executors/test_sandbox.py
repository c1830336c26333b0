"""A hostile command in the real sandbox: it gets no further than its room, and the machine is left as it was.

Each test runs as root with a user of its own inside, and as a user who may make user namespaces only.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from fossml.errors import UNKNOWN, FossmlError
from fossml.executors import bubblewrap, cell, cgroup, sandbox, users, watch
from fossml.executors.left import disarm, erase
from fossml.executors.limits import Breach, Limits
from fossml.executors.local import Exit, start
from fossml.executors.programs import python_folders
from fossml.executors.sandbox import HOME, Sandbox

LIMITS = Limits(processes=60, memory=200 * 2**20, disk=30 * 2**20, output=2**20, seconds=30.0)
NOBODY = 65534
SECRET = "the-reader's-secret"


@dataclass(frozen=True)
class Ran:
    exit: Exit
    log: str


@dataclass(frozen=True)
class Place:
    """Where a command is run, and by whom: `uid` None is whoever runs the tests."""

    base: Path
    uid: int | None = None
    given: dict[str, str] = field(default_factory=dict)

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox(self.base / "room", self.base / "home", self.base / "tmp", LIMITS)

    def run(self, command: str, limits: Limits = LIMITS, **more: object) -> Ran:
        closed = replace(self.sandbox, limits=limits, **more)  # type: ignore[arg-type]
        env = {"PATH": "/usr/bin:/bin", **sandbox.environment(), **self.given}
        log = self.base / "log"

        def body() -> Exit:
            exit_ = start(command, cwd=closed.room, env=env, stdout=log, sandbox=closed).wait()
            assert exit_ is not None
            return exit_

        return Ran(as_user(self.uid, body) if self.uid is not None else body(), log.read_text(errors="replace"))


def as_user(uid: int, body: Callable[[], Exit]) -> Exit:
    """What `body` returns in a child process of the user `uid`."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writing, "w") as file:
            try:
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
                for cached in (users.may_become, cell._trial, bubblewrap._options, cgroup._has_user_manager):
                    cached.cache_clear()
                file.write(repr(body()))
            except BaseException:
                file.write(traceback.format_exc())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        told = file.read()
    os.waitpid(child, 0)
    assert told.startswith("Exit("), told
    found = eval(told, {"Exit": Exit, "Breach": Breach})
    assert isinstance(found, Exit)
    return found


@pytest.fixture(params=["root", "user"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    uid = NOBODY if request.param == "user" and os.geteuid() == 0 else None
    base = Path(tempfile.mkdtemp(prefix="fossml-sandbox-"))
    for name in ("room", "home", "tmp"):
        (base / name).mkdir()
    if uid is not None:
        for path in (base, *base.iterdir()):
            os.chown(path, uid, uid)
    yield Place(base, uid)
    shutil.rmtree(base)


def groups(pid: int) -> list[str]:
    """The control groups that the process `pid` made and that are still there; others come and go meanwhile."""
    folders = (folder for folder, _, _ in os.walk("/sys/fs/cgroup"))
    return sorted(folder for folder in folders if Path(folder).name.startswith(f"fossml-{pid}-"))


def commands() -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


def breach(ran: Ran) -> str:
    assert ran.exit.breach is not None, ran.log
    return ran.exit.breach.kind


def test_this_machine_has_a_sandbox() -> None:
    assert cell.available() is None, "install bubblewrap: without it, what verify runs is not contained"


def test_it_is_another_user_on_another_host_with_another_home(place: Place) -> None:
    ran = place.run("id -un; hostname; cd; pwd; touch here && ls; whoami; id -u")
    me = pwd.getpwuid(os.getuid() if place.uid is None else place.uid)
    user, host, home, listed, who, uid = ran.log.splitlines()
    assert (user, host, home, listed, who) == ("reader", "room", HOME, "here", "reader")
    assert int(uid) not in (0, me.pw_uid)


def test_root_drops_to_a_user_that_is_nobody_elses() -> None:
    if os.geteuid() != 0:  # nothing to drop
        return
    uid = Sandbox(Path("/a"), Path("/b"), Path("/c"), LIMITS).uid
    assert uid != 0
    with pytest.raises(KeyError):
        pwd.getpwuid(uid)


def test_the_room_the_home_and_tmp_can_be_written_and_read_afterwards(place: Place) -> None:
    place.run("echo 1 >room.txt; echo 2 >~/home.txt; echo 3 >/tmp/tmp.txt; umask 077; echo 4 >shut.txt")
    found = {path.name: path.read_text() for path in place.base.glob("*/*.txt")}
    assert found == {"room.txt": "1\n", "home.txt": "2\n", "tmp.txt": "3\n", "shut.txt": "4\n"}


def test_what_lies_in_the_room_belongs_to_the_user_inside(place: Place) -> None:
    (place.base / "room" / "made-by-the-reader").mkdir(mode=0o755)
    (place.base / "room" / "made-by-the-reader" / "file").write_text("before")
    if place.uid is not None:
        os.chown(place.base / "room" / "made-by-the-reader", place.uid, place.uid)
        os.chown(place.base / "room" / "made-by-the-reader" / "file", place.uid, place.uid)
    ran = place.run("echo after >made-by-the-reader/file && touch made-by-the-reader/new")
    assert ran.exit.code == 0, ran.log
    assert (place.base / "room" / "made-by-the-reader" / "file").read_text() == "after\n"


@pytest.mark.parametrize(
    "path",
    ["/root", "/home/user", "/etc/shadow", "/var", "/mnt", "/srv", "/work", "/run", "/sys/fs", "/opt", "/boot"],
)
def test_nothing_else_of_the_machine_is_there(place: Place, path: str) -> None:
    assert place.run(f"ls -d {path}").exit.code != 0


@pytest.mark.parametrize(
    "way",
    [
        "cat {secret}",
        "ln -s {secret} link; cat link",
        "cat /proc/self/root{secret}",
        "cat /proc/1/root{secret}",
        "cat /proc/1/cwd/../../../../../{secret}",
        "for d in /proc/[0-9]*; do cat $d/root{secret}; done",
        "for f in /proc/self/fd/*; do cat $f/../{name}; cat $f/{secret}; done",
        "cat ../{name}; cat ../../{name}; cat ../../../../../../../../{secret}",
        "unshare -Ur sh -c 'cat {secret}'; unshare -Urm sh -c 'umount -a; cat {secret}'",
        "nsenter -t 1 -m cat {secret}; chroot /proc/1/root cat {secret}",
        "mount --bind / /tmp; cat /tmp{secret}; mknod d b 254 0; dd if=d count=1",
    ],
)
def test_a_file_outside_cannot_be_read(place: Place, way: str) -> None:
    secret = place.base / "secret.txt"
    secret.write_text(SECRET)
    secret.chmod(0o644)
    ran = place.run(way.format(secret=secret, name=secret.name))
    assert SECRET not in ran.log


def test_the_readers_variables_do_not_come_in(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent")
    ran = place.run("env; cat /proc/*/environ")
    assert SECRET not in ran.log
    assert "SSH_AUTH_SOCK" not in ran.log


def test_no_descriptor_of_the_reader_comes_in(place: Place) -> None:
    (place.base / "open").write_text(SECRET)
    with (place.base / "open").open() as file:
        os.set_inheritable(file.fileno(), True)
        ran = place.run("ls /proc/self/fd | wc -w; for n in 3 4 5 6 7 8 9; do cat <&$n; done 2>/dev/null")
    assert SECRET not in ran.log
    assert int(ran.log.split()[0]) <= 4  # three streams, and the folder that is being listed


def test_sockets_of_the_machine_are_not_there(place: Place) -> None:
    with socket.socket(socket.AF_UNIX) as agent, socket.socket(socket.AF_UNIX) as hidden, socket.socket() as service:
        agent.bind(str(place.base / "agent.sock"))
        agent.listen()
        (place.base / "agent.sock").chmod(0o777)
        hidden.bind("\0fossml-test-agent")
        hidden.listen()
        service.bind(("127.0.0.1", 0))
        service.listen()
        port = service.getsockname()[1]
        script = f"""
            import socket
            for family, name in ((1, {str(place.base / "agent.sock")!r}), (1, "\\0fossml-test-agent"),
                                 (1, "/var/run/docker.sock"), (2, ("127.0.0.1", {port})), (2, ("192.0.2.1", 80))):
                s = socket.socket(family); s.settimeout(3)
                try:
                    s.connect(name); print("REACHED", name)
                except OSError as error:
                    print(error)
        """
        (place.base / "room" / "reach.py").write_text(textwrap.dedent(script))
        ran = place.run("/usr/bin/python3 reach.py")
    assert "REACHED" not in ran.log
    assert "unreachable" in ran.log


def test_with_the_network_a_service_is_reached(place: Place) -> None:
    with socket.socket() as service:
        service.bind(("127.0.0.1", 0))
        service.listen()
        call = f"import socket; socket.create_connection(('localhost', {service.getsockname()[1]}), 3); print('there')"
        ran = place.run(f'/usr/bin/python3 -c "{call}"', network=True)
    assert ran.log == "there\n"


def test_its_own_services_are_reached(place: Place) -> None:
    script = "import socket; a = socket.create_server(('127.0.0.1', 0)); socket.create_connection(a.getsockname())"
    assert place.run(f'/usr/bin/python3 -c "{script}"').exit.code == 0


KEYS = """
import ctypes, platform
numbers = {"x86_64": (248, 249, 250), "aarch64": (217, 218, 219)}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)
for number in numbers:
    print(libc.syscall(number, 0, -3, 0, 0, 0), ctypes.get_errno())
if platform.machine() == "x86_64":  # and by the number of its second ABI
    assert (libc.syscall(250 + 2**30, 0, -3, 0), ctypes.get_errno()) == (-1, 1)
"""


def test_the_kernels_keys_are_out_of_reach(place: Place) -> None:
    (place.base / "room" / "keys.py").write_text(KEYS)
    assert place.run("/usr/bin/python3 keys.py").log == "-1 1\n" * 3


def test_nothing_of_the_system_can_be_written(place: Place) -> None:
    for path in ("/usr/bin/x", "/etc/x", "/etc/passwd", "/lib/x", "/x", "/proc/sysrq-trigger", "/dev/x", "/home/x"):
        assert place.run(f"echo 1 >{path}").exit.code != 0, path


def test_what_is_locked_stays_as_it_is_and_what_is_writable_in_it_is(place: Place) -> None:
    locked, inner = place.base / "room" / ".git", place.base / "room" / ".git" / "inner"
    inner.mkdir(parents=True)
    (locked / "config").write_text("as it was")
    if place.uid is not None:
        for path in (locked, inner, locked / "config"):
            os.chown(path, place.uid, place.uid)
    ran = place.run(
        "echo evil >.git/config; rm -rf .git; mv .git away; ln -sfn /root .git; echo fine >.git/inner/file",
        locked=(locked,),
        writable=(inner,),
    )
    assert (locked / "config").read_text() == "as it was", ran.log
    assert not locked.is_symlink()
    assert (inner / "file").read_text() == "fine\n"


def test_an_environment_is_readable_and_not_writable(place: Place) -> None:
    tool = place.base / "environment"
    (tool / "bin").mkdir(parents=True)
    (tool / "bin" / "tool").write_text("#!/bin/sh\necho ran\n")
    (tool / "bin" / "tool").chmod(0o755)
    ran = place.run(f"{tool}/bin/tool; echo evil >{tool}/bin/tool; rm -r {tool}/bin", readable=(tool,))
    assert ran.log.startswith("ran\n")
    assert (tool / "bin" / "tool").read_text().endswith("ran\n")


def test_a_linked_file_keeps_its_owner(place: Place) -> None:
    shared = place.base / "shared"
    shared.write_text("the reader's")
    os.link(shared, place.base / "room" / "linked")
    before = shared.stat().st_uid
    place.run("true")
    assert shared.stat().st_uid == before


def test_a_program_that_becomes_root_does_not(place: Place) -> None:
    ran = place.run("su -c id root </dev/null; sudo -n id; id; grep -E 'NoNewPrivs|CapBnd|CapEff' /proc/self/status")
    assert "uid=0" not in ran.log
    assert "NoNewPrivs:\t1" in ran.log
    assert "CapEff:\t0000000000000000" in ran.log


def test_it_cannot_kill_or_trace_who_started_it(place: Place) -> None:
    script = f"kill -9 {os.getpid()}; kill -9 $PPID; kill -9 1; kill -9 -1; strace -p 1 -o trace & sleep 0.2; kill %1"
    ran = place.run(script)
    assert ran.exit.code is not None  # and this process is there to say so
    assert place.run("echo still").log == "still\n"


def test_the_signal_to_its_group_does_not_reach_who_started_it(place: Place) -> None:
    place.run("kill -9 0")
    assert place.run("echo still").log == "still\n"


def test_a_fork_bomb_is_stopped(place: Place) -> None:
    ran = place.run("b() { b | b & }; b; wait; sleep 60", replace(LIMITS, seconds=2.0))
    if place.uid is None and os.geteuid() == 0:
        assert "60 processes" in str(ran.exit.breach)
    # A count that is taken ten times a second may miss its height; and a bomb that cannot fork may go out by itself.
    assert "Cannot fork" in ran.log or breach(ran) in ("processes", "time")


def test_a_fork_bomb_that_leaves_its_session_is_stopped(place: Place) -> None:
    forks = "  if not os.fork():\n   os.setsid(); time.sleep(60)\n"
    (place.base / "room" / "bomb.py").write_text(f"import os, time\nwhile 1:\n try:\n{forks} except OSError: pass")
    before = [line for line in commands() if "bomb.py" in line]
    assert breach(place.run("/usr/bin/python3 bomb.py")) == "processes"
    assert [line for line in commands() if "bomb.py" in line] == before


def test_too_much_memory_is_stopped(place: Place) -> None:
    ran = place.run("head -c 3000000000 /dev/zero | tail >/dev/null")
    assert (ran.exit.breach and ran.exit.breach.kind == "memory") or "memory exhausted" in ran.log


def test_memory_taken_by_many_is_stopped(place: Place) -> None:
    hog = "python3 -c \"import time; x = bytearray(60_000_000); x[::4096] = b'1' * len(x[::4096]); time.sleep(60)\""
    assert breach(place.run("&".join([hog] * 6) + "& wait; sleep 60")) == "memory"


def test_shared_memory_is_bounded(place: Place) -> None:
    ran = place.run("cat /dev/zero >/dev/shm/file", replace(LIMITS, disk=2**40))
    assert ran.exit.breach is not None or "No space left" in ran.log


def test_a_full_disk_is_stopped(place: Place) -> None:
    assert breach(place.run("while :; do dd if=/dev/zero of=f$((n=n+1)) bs=1M count=10 2>/dev/null; done")) == "disk"


def test_one_large_file_is_stopped(place: Place) -> None:
    assert breach(place.run("cat /dev/zero >~/large")) == "disk"


def test_endless_output_is_stopped_and_cut(place: Place) -> None:
    ran = place.run("yes", replace(LIMITS, disk=2**40))
    assert breach(ran) == "output"
    assert len(ran.log) == LIMITS.output


def test_what_takes_too_long_is_stopped(place: Place) -> None:
    ran = place.run("trap '' TERM INT HUP; while :; do sleep 1; done", replace(LIMITS, seconds=0.5))
    assert breach(ran) == "time"


def test_a_command_that_stays_within_its_limits_ends_as_it_would(place: Place) -> None:
    ran = place.run("echo out; echo err >&2; exit 7")
    assert (ran.exit.code, ran.exit.breach, ran.log) == (7, None, "out\nerr\n")


def test_nothing_runs_on_and_nothing_is_left(place: Place) -> None:
    name = f"fossml{os.getpid()}"
    place.run(f"cp /bin/sleep {name}; setsid ./{name} 300 & (./{name} 300 &) ; exit 0")
    assert running(name) == 0
    assert groups(os.getpid()) == []


def test_the_group_is_the_limit_where_the_machine_has_one() -> None:
    made = cgroup.make(LIMITS)
    if os.geteuid() == 0 and os.access("/sys/fs/cgroup/pids/cgroup.procs", os.W_OK):
        assert made is not None
        assert len(made.folders) == 2
    if made and made.folders:
        cgroup.Tidy(made.folders).now()
        assert not any(folder.exists() for folder in made.folders)


KILLED = """
import sys
from pathlib import Path
from fossml.executors.left import disarm, erase
from fossml.executors.limits import Breach, Limits
from fossml.executors.local import start
from fossml.executors.sandbox import Sandbox
base = Path(sys.argv[1])
closed = Sandbox(base / "room", base / "home", base / "tmp", Limits(60, 2**28, 2**28))
command = f"cp /bin/sleep {sys.argv[2]}; setsid ./{sys.argv[2]} 300 & ./{sys.argv[2]} 300"
env = {"PATH": "/usr/bin:/bin"}
print(start(command, cwd=closed.room, env=env, stdout=base / "log", sandbox=closed).pid, flush=True)
sys.stdin.read()
"""


def test_all_is_gone_after_a_kill_of_who_started_it(tmp_path: Path) -> None:
    name = f"slept{os.getpid()}"
    for folder in ("room", "home", "tmp"):
        (tmp_path / folder).mkdir()
    words = [sys.executable, "-c", KILLED, str(tmp_path), name]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        assert starter.stdout.readline().strip()
        until(lambda: running(name) == 2)
        starter.send_signal(signal.SIGKILL)
    until(lambda: running(name) == 0 and groups(starter.pid) == [])


def test_all_is_gone_after_a_kill_while_it_starts(tmp_path: Path) -> None:
    name = f"early{os.getpid()}"
    for folder in ("room", "home", "tmp"):
        (tmp_path / folder).mkdir()
    words = [sys.executable, "-c", KILLED, str(tmp_path), name]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        assert starter.stdout.readline().strip()
        starter.send_signal(signal.SIGKILL)
    until(lambda: not any(name in line for line in commands()) and groups(starter.pid) == [])


def running(name: str) -> int:
    return sum(line.startswith(f"./{name} 300") for line in commands())


def until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.01)


SHUT = """
mkdir a b c
for folder in a b c; do ln -s {secret} $folder/link; done
chmod 555 a; chmod 0 b; chmod 300 c
"""
DEEP = """
import os
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
os.symlink("{secret}", "link")
"""


def disarmed(place: Place, command: str) -> str:
    """What was found and what is left in the room, by whoever ran the command."""
    place.run(command)

    def body() -> Exit:
        found = ", ".join(map(str, disarm(place.sandbox)))
        left = [str(path) for path in place.sandbox.room.rglob("*") if path.is_symlink()]
        erase(place.sandbox.room)
        return Exit(int(bool(left) or place.sandbox.room.exists()), 0.0, breach=Breach("disk", found))

    exit_ = as_user(place.uid, body) if place.uid is not None else body()
    assert exit_.code == 0, exit_
    assert exit_.breach
    return exit_.breach.message


def test_links_in_folders_that_were_shut_are_found_and_go(place: Place) -> None:
    found = disarmed(place, SHUT.format(secret=place.base))
    assert sorted(found.split(", ")) == [f"{name}/link is a link to {place.base}" for name in "abc"]


def test_a_folder_too_deep_to_look_into_goes_whole(place: Place) -> None:
    script = DEEP.format(secret=place.base)
    assert "is a folder too deep" in disarmed(place, f"python3 -c '{script}'")


def test_without_bubblewrap_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell, "PATH", str(tmp_path))
    cell._trial.cache_clear()
    try:
        with pytest.raises(FossmlError, match="no sandbox for it: there is no bwrap") as refused:
            cell.require()
    finally:
        cell._trial.cache_clear()
    assert refused.value.code == UNKNOWN
    assert "--trust" in str(refused.value.hint)


def test_a_python_in_an_environment_runs(tmp_path: Path) -> None:
    for folder in ("room", "home", "tmp"):
        (tmp_path / folder).mkdir()
    readable = python_folders(sys.executable, [path for path in sys.path if path], Path("/nowhere"))
    place = Place(tmp_path)
    ran = place.run(f"{sys.executable} -c 'import numpy, sys; print(sys.prefix)'", readable=readable)
    assert ran.log == f"{sys.prefix}\n"


def test_a_python_that_would_show_all_of_the_home_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to("/usr/bin/python3")
    with pytest.raises(FossmlError, match="would have to be shown"):
        python_folders(str(tmp_path / "bin" / "python"), (), tmp_path)


def test_links_to_a_python_are_followed_one_by_one(tmp_path: Path) -> None:
    real, link, env = tmp_path / "cpython-3.12.9", tmp_path / "cpython-3.12", tmp_path / "venv"
    (real / "bin").mkdir(parents=True)
    (real / "bin" / "python3").touch()
    link.symlink_to(real)
    (env / "bin").mkdir(parents=True)
    (env / "bin" / "python").symlink_to(link / "bin" / "python3")
    assert python_folders(str(env / "bin" / "python"), (), Path("/nowhere")) == (link, real, env)


def test_paths_of_a_control_group_are_read() -> None:
    text = "8:pids:/\n4:memory:/a/b\n2:cpu,cpuacct:/c:d\n0::/user.slice\n"
    assert cgroup.paths(text) == {"pids": "/", "memory": "/a/b", "cpu": "/c:d", "cpuacct": "/c:d", "": "/user.slice"}


def test_what_descends_from_a_process_is_counted() -> None:
    with subprocess.Popen(["/bin/sh", "-c", "sleep 60 & sleep 60 & echo; wait"], stdout=subprocess.PIPE) as shell:
        assert shell.stdout
        shell.stdout.readline()
        tasks, memory = watch.taken(shell.pid)
        subprocess.run(["pkill", "-P", str(shell.pid)], check=True)
    assert tasks == 3
    assert memory > 0


def test_a_group_of_version_2_is_made_beside_the_own_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slice_ = tmp_path / "user.slice"
    slice_.mkdir()
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (slice_ / "cgroup.subtree_control").write_text("memory pids\n")
    (tmp_path / "own").write_text("0::/user.slice/session.scope\n")
    monkeypatch.setattr(cgroup, "_MOUNTS", tmp_path)
    monkeypatch.setattr(cgroup, "_OWN", tmp_path / "own")
    made = cgroup.make(LIMITS)
    assert made is not None
    (folder,) = made.folders
    assert folder.parent == slice_
    assert {name: (folder / name).read_text() for name in ("memory.max", "pids.max", "memory.oom.group")} == {
        "memory.max": str(LIMITS.memory),
        "pids.max": str(LIMITS.processes),
        "memory.oom.group": "1",
    }
    assert subprocess.run([*made.prefix, "echo", "a b"], capture_output=True, text=True, check=True).stdout == "a b\n"
    assert (folder / "cgroup.procs").read_text() == "0\n"  # what the kernel takes for the writer
    (folder / "pids.events").write_text("max 3\n")
    assert made.refused(1) == "processes"
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert made.refused(1) == "memory"


def test_no_group_is_made_where_the_controllers_are_not_given_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cgroup.controllers").write_text("memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("cpu\n")
    (tmp_path / "own").write_text("0::/a.scope\n")
    monkeypatch.setattr(cgroup, "_MOUNTS", tmp_path)
    monkeypatch.setattr(cgroup, "_OWN", tmp_path / "own")
    monkeypatch.setattr(cgroup, "_has_user_manager", lambda: False)
    assert cgroup.make(LIMITS) is None


def test_a_scope_of_systemd_is_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").write_text("")
    monkeypatch.setattr(cgroup, "_MOUNTS", tmp_path)
    monkeypatch.setattr(cgroup, "_OWN", tmp_path / "own")
    monkeypatch.setattr(cgroup, "_has_user_manager", lambda: True)
    made = cgroup.make(LIMITS)
    assert made is not None
    assert made.prefix[:3] == ("systemd-run", "--user", "--scope")
    assert {f"MemoryMax={LIMITS.memory}", f"TasksMax={LIMITS.processes}"} <= set(made.prefix)
