"""Measure any command: each run in a copy of the folder, recorded when it ends, not made again if it is on record."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fossml.canon import key
from fossml.env import Interpreter
from fossml.errors import FossmlError
from fossml.executors.left import disarm
from fossml.executors.local import Exit, Process, start
from fossml.executors.sandbox import Sandbox, hand_over
from fossml.verify.claims.loop import Outcome
from fossml.verify.cleanroom import room, seeds
from fossml.verify.cleanroom.confine import Confinement
from fossml.verify.cleanroom.environ import inside, moved_command
from fossml.verify.command.hints import explain
from fossml.verify.command.record import Place, Record, Shelf, note_pid
from fossml.verify.metrics.metric import Left, Metric, measure

_TICK = 0.1
_KEPT_UP_TO = 2**20
_KEPT_IN_ALL = 64 * 2**20
_LOG_READ = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Setting:
    """What is run and where: `root` is copied, the command runs in its subfolder `wdir`, with `env`.

    `leave_out` are folders below `root` that no copy needs; `interpreter` is the command's python, if it has one.
    `chosen`: the seeds are picked by the user rather than drawn. `confinement` None: the command runs as the user.
    """

    root: Path
    wdir: str
    delivery: seeds.Delivery
    metrics: tuple[Metric, ...]
    env: Mapping[str, str]
    interpreter: Interpreter | None = None
    leave_out: frozenset[Path] = frozenset()
    timeout: float | None = None
    keep: bool = False
    chosen: bool = False
    confinement: Confinement | None = None

    @property
    def made(self) -> bool:
        """Whether the interpreter is one of an environment that was made here: those lie where the runs are kept."""
        python = self.interpreter
        return python is not None and any(Path(python.path).is_relative_to(folder) for folder in self.leave_out)


def shelf_key(setting: Setting, folder_digest: str) -> str:
    """What a run depends on: the command and how it gets its seed, the files, the interpreter and its distributions."""
    delivery, python = setting.delivery, setting.interpreter
    confined = ["sandbox"] if setting.confinement else []
    parts = [*confined, delivery.cmd, delivery.flag, delivery.env, delivery.param, setting.wdir, folder_digest]
    return key([*parts, [python.version, python.distributions] if python else None])[:24]


class CancelledError(Exception):
    """A run was ended because its result is not needed."""


class Command:
    """Measures a command with one seed after the other; `measure` may be called from several threads."""

    def __init__(self, setting: Setting, shelf: Shelf, recorded: Sequence[Place], say: Callable[[str], None]) -> None:
        self._setting = setting
        self._shelf = shelf
        self._recorded = [place for place in recorded if place.record and place.record.good]
        self._say = say
        self._lock = threading.Lock()
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End every run under way and let no other start."""
        self._cancelled.set()

    def on_record(self, seed: int | None) -> bool:
        """Whether `measure` has a run with this seed to hand out that need not be made."""
        with self._lock:
            return any(place.seed == seed for place in self._recorded)

    def measure(self, seed: int | None) -> Outcome:
        """The outcome of a run with this seed, from its record if there is one; CancelledError after `cancel`."""
        place = self._take(seed)
        if place is not None:
            return self._outcome(place, recorded=True)
        if self._cancelled.is_set():
            raise CancelledError
        with self._lock:
            place = self._shelf.begin(seed, chosen=self._setting.chosen)
        return self._outcome(self._made(place), recorded=False)

    def _take(self, seed: int | None) -> Place | None:
        """The next good recorded run with this seed; each is handed out once."""
        with self._lock:
            for place in self._recorded:
                if place.seed == seed:
                    self._recorded.remove(place)
                    return place
        return None

    def _made(self, place: Place) -> Place:
        """Make the run in a room of its own, keep what it wrote, finish its record."""
        setting = self._setting
        copied = room.make(setting.root, place.folder / "room" / setting.root.name, setting.leave_out)
        try:
            record = self._run(place, copied.folder)
        finally:
            for path in copied.breached():
                self._say(f"warning: {path} was changed in place while the run was under way")
            if not setting.keep:
                room.remove(place.folder / "room")
        return self._shelf.finish(place, record)

    def _run(self, place: Place, folder: Path) -> Record:
        setting = self._setting
        seeds.plant(folder, setting.delivery, place.seed)
        sandbox = self._sandbox(folder)
        before = room.state(folder)
        exited, late = self._attend(place, folder, sandbox)
        for left in disarm(sandbox) if sandbox else ():
            self._say(f"not taken: {left}")
        if exited.cancelled and not late and not exited.breach:
            raise CancelledError
        written = room.written(folder, before)
        _keep(folder, place.files, written, {metric.source for metric in setting.metrics})
        stopped = exited.breach.message if exited.breach else ""
        return Record(place.seed, exited.code, exited.seconds, written, late, stopped)

    def _sandbox(self, folder: Path) -> Sandbox | None:
        confinement = self._setting.confinement
        sandbox = confinement.sandbox(folder, room.shared(folder)) if confinement else None
        for left in disarm(sandbox) if sandbox else ():
            self._say(f"not in the sandbox: {left}")
        if sandbox:
            hand_over(sandbox)  # before the files are looked at: a new owner is a change of each
        return sandbox

    def _attend(self, place: Place, folder: Path, sandbox: Sandbox | None) -> tuple[Exit, bool]:
        """Run the command to its end, to its timeout (True) or until it is cancelled."""
        process = self._start(place, folder, sandbox)
        began = time.monotonic()
        try:
            note_pid(place, process.pid)
            while (exited := process.wait(_TICK)) is None:
                late = self._setting.timeout is not None and time.monotonic() - began > self._setting.timeout
                if late or self._cancelled.is_set():
                    return process.cancel(), late
        except BaseException:
            process.cancel()
            raise
        return exited, False

    def _start(self, place: Place, folder: Path, sandbox: Sandbox | None) -> Process:
        setting = self._setting
        wdir = folder / setting.wdir
        env: Mapping[str, str] = inside(setting.env, setting.root, folder, wdir)
        env = setting.confinement.environment(env) if setting.confinement else env
        env = seeds.env_with(env, setting.delivery, place.seed)
        command = moved_command(seeds.command_with(setting.delivery, place.seed), setting.root, folder)
        return start(command, cwd=wdir, env=env, stdout=place.stdout, stderr=place.stderr, sandbox=sandbox)

    def _outcome(self, place: Place, *, recorded: bool) -> Outcome:
        record = place.record
        assert record is not None
        stdout, stderr = _log(place.stdout), _log(place.stderr)
        if not record.good:
            copy = f"{place.folder / 'room' / self._setting.root.name}/"
            told = explain(record, stdout.replace(copy, ""), stderr.replace(copy, ""), self._setting)
            return Outcome(place.seed, record.seconds, recorded=recorded, failure=told.failure, hint=told.hint)
        left = Left(place.files, record.written, stdout, stderr, self._lay_before())
        measured = tuple(measure(metric, left) for metric in self._setting.metrics)
        wrote = (_digest(record, stdout),) * len(measured)
        return Outcome(place.seed, record.seconds, measured, wrote, recorded)

    def _lay_before(self) -> frozenset[str]:
        names = (metric.source for metric in self._setting.metrics if not metric.stream)
        return frozenset(name for name in names if (self._setting.root / name).exists())


def _digest(record: Record, stdout: str) -> str:
    """Of everything that a run wrote; of what it printed where it wrote nothing."""
    return key(dict(record.written) if record.written else stdout)


def _log(path: Path) -> str:
    """The end of a log, as text."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LOG_READ))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _keep(folder: Path, target: Path, written: Mapping[str, str], wanted: Collection[str]) -> None:
    """Copy the small text files that a run wrote, and every metrics file, so that other metrics can be read later."""
    total = 0
    for name in written:
        source = folder / name
        with contextlib.suppress(OSError):
            size = source.stat().st_size
            small = size <= _KEPT_UP_TO and total + size <= _KEPT_IN_ALL and _is_text(source)
            if name in wanted or small:
                total += size
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target / name, follow_symlinks=False)


def _is_text(path: Path) -> bool:
    data = path.read_bytes()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def require_room(root: Path, cache: Path, size: int, jobs: int) -> None:
    """FossmlError if the disk cannot take the copies that are there at one time."""
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free
    if size * jobs > free:
        raise FossmlError(
            f"a copy of {root} takes {size / 1e9:.1f} GB a run, and {free / 1e9:.1f} GB are free at {cache}",
            hint="set FOSSML_CACHE_DIR to a larger disk, or keep the data outside the folder",
        )
