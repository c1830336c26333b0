"""What depends on the place it runs in is named; what does not passes clean."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.engine.build import Options, build
from fossml.project.declared import read_project
from fossml.types import Event
from fossml.verify.cleanroom import perturb
from fossml.verify.cleanroom.perturb import ORDER, Perturbation, applied, blamed, differs, other_locale, perturbations
from fossml.verify.rebuild.builder import recorded
from tests.verify.test_hostile import Lab, codes, lab, the  # noqa: F401

ALL = perturbations("de_DE.UTF-8", 7)


def test_the_environment_gets_each_change() -> None:
    env = applied({"PYTHONPATH": "/mine", "TZ": "UTC"}, ALL)
    assert env["PYTHONPATH"] == f"{ORDER}:/mine"
    assert (env["TZ"], env["LC_ALL"], env["PYTHONHASHSEED"]) == ("<+1345>-13:45", "de_DE.UTF-8", "7")
    assert applied({}, ()) == {"PYTHONHASHSEED": "0"}


@given(guilty=st.sets(st.integers(0, 3), min_size=1, max_size=1))
def test_the_one_that_makes_the_difference_is_found(guilty: set[int]) -> None:
    builds: list[Sequence[Perturbation]] = []

    def differs_with(some: Sequence[Perturbation]) -> bool:
        builds.append(some)
        return any(ALL[number] in some for number in guilty)

    assert blamed(ALL, differs_with) == tuple(ALL[number] for number in guilty)
    assert len(builds) <= 3


def test_two_that_only_together_make_a_difference_are_named_together() -> None:
    assert blamed(ALL, lambda some: len(some) == 4) == ALL


@pytest.mark.parametrize(
    ("own", "available", "other"),
    [
        ("C.UTF-8", ["C", "C.utf8", "de_DE.utf8"], "de_DE.utf8"),
        ("C.UTF-8", ["C", "C.utf8", "POSIX"], "POSIX"),
        ("en_GB.UTF-8", ["en_GB.utf8", "de_DE.utf8"], "C.UTF-8"),
        ("", [], "C.UTF-8"),
    ],
)
def test_another_locale_is_one_that_the_machine_has(own: str, available: list[str], other: str) -> None:
    assert other_locale({"LANG": own}, available) == other


def test_only_outputs_on_record_are_compared() -> None:
    assert not differs({"a": "1", "new": "2"}, (), {"a": "1", "not rebuilt": "3"})
    assert differs({"a": "1"}, (), {"a": "2"})
    assert differs({}, ("train",), {})


LISTS = """
import glob, os, pathlib, shutil, sys
os.makedirs("d", exist_ok=True)
for n in range(20): open(f"d/{n}", "w").close()
with os.scandir("d") as found: scanned = [one.name for one in found]
d = pathlib.Path("d")
print(os.listdir("d"), scanned, [p.name for p in d.iterdir()], [p.name for p in d.glob("*")],
      glob.glob("*", root_dir="d"), next(os.walk("d"))[2], os.listdir(b"d")[0], sep="\\n")
shutil.rmtree("d")
print(os.path.exists("d"))
"""


def test_folders_are_listed_backwards(tmp_path: Path) -> None:
    def lines(env: dict[str, str]) -> list[str]:
        words = [sys.executable, "-c", LISTS]
        return subprocess.run(
            words, cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        ).stdout.splitlines()

    plain, turned = lines({}), lines({"PYTHONPATH": str(ORDER)})
    assert [eval(line) for line in turned[:6]] == [eval(line)[::-1] for line in plain[:6]]
    assert turned[6] != plain[6]
    assert turned[7] == "False"


WRITE = "import json\njson.dump({'acc': n}, open('m.json', 'w'))\n"
DATA = {f"data/{name}": "x" for name in "abcdefgh"}
DEFECTS = {
    "the file order": ("import os\nn = os.listdir('data').index('a')\n", "n = sorted(os.listdir('data')).index('a')\n"),
    "the time zone": ("import time\nn = time.localtime(0).tm_min\n", "import time\nn = time.gmtime(0).tm_min\n"),
    "the order of sets": (
        "n = ' '.join(set('abcdefgh'))\nn = n.index('a')\n",
        "n = sorted(set('abcdefgh')).index('a')\n",
    ),
    "the locale": ("import os\nn = int(os.environ.get('LC_ALL', '') != '')\n", "n = 0\n"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_what_a_result_depends_on_is_named(lab: Lab, name: str) -> None:  # noqa: F811
    author_builds(lab, "import os\n" + DEFECTS[name][0])
    built = lab.rebuilt()
    found = the(built, "ROOM010")
    assert (found.status, found.message.startswith(f"it depends on {name}:")) == ("fail", True), found
    assert built.failed == {}
    assert built.outs == author(lab)  # measured without what made the difference


@pytest.mark.parametrize("name", DEFECTS)
def test_the_sound_twin_passes_clean(lab: Lab, name: str) -> None:  # noqa: F811
    author_builds(lab, "import os\n" + DEFECTS[name][1])
    built = lab.rebuilt()
    assert (built.findings, built.outs) == ((), author(lab))


def test_a_result_that_differs_each_time_is_not_laid_to_the_room(lab: Lab) -> None:  # noqa: F811
    author_builds(lab, "import os\nn = int.from_bytes(os.urandom(4), 'big')\n")
    assert codes(lab.rebuilt()) == []


FOREIGN = {
    "the number of threads": "n = os.environ.get('OMP_NUM_THREADS', '0')\n",
    "the name of the user": "import pwd\nn = pwd.getpwuid(os.getuid()).pw_name\n",
    "the home folder": "n = os.path.expanduser('~')\n",
    "the host name": "n = os.uname().nodename\n",
    "the path of the folder that the repository lies in": "n = os.getcwd()\n",
    "the order of sets": "n = ' '.join(set('abcdefgh'))\n",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_rebuilds_depend_on_is_named_where_none_gives_what_was_recorded(lab: Lab, name: str) -> None:  # noqa: F811
    author_builds(lab, "import os\n" + FOREIGN[name] + "n = [n, os.path.exists('/home/reader')]\n")
    found = the(lab.rebuilt(), "ROOM010")
    assert (found.status, found.message.startswith(f"it depends on {name}:")) == ("fail", True), found
    assert "m.json comes out otherwise" in found.message


def test_a_training_that_takes_long_is_not_repeated_for_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    author_builds(lab, DEFECTS["the time zone"][0])
    monkeypatch.setattr("fossml.verify.rebuild.rebuilder._SPARE", 0.0)
    assert the(lab.rebuilt(), "ROOM010").status == "unknown"


def test_the_copy_of_a_repeat_is_built_without_what_made_the_difference(lab: Lab) -> None:  # noqa: F811
    author_builds(lab, "import os\n" + DEFECTS["the time zone"][0])
    lab.rebuilt()
    again = lab.rebuilder()
    try:
        assert again.built(None).recorded
        assert json.loads((again.copy() / "m.json").read_text()) == json.loads((lab.paper.root / "m.json").read_text())
    finally:
        again.close()


def test_without_time_it_is_not_looked_for_what_makes_the_difference(lab: Lab) -> None:  # noqa: F811
    author_builds(lab, "import os\n" + DEFECTS["the time zone"][0])
    rebuilder = lab.rebuilder()

    def over(event: Event) -> None:
        if event.event == "done":
            rebuilder.deadline = time.monotonic()

    try:
        assert the(rebuilder.built(None, over), "ROOM010").status == "unknown"
    finally:
        rebuilder.close()


def test_a_hash_seed_never_turns_the_order_off() -> None:
    assert all(1 <= perturb.hashing(text) < 2**32 for text in ("", "a", "project-1"))


def author_builds(place: Lab, script: str) -> None:
    """The author's own build, on this machine as it is."""
    place.project(script + WRITE)
    place.paper.save(DATA)
    env = {**place.env, "PYTHONHASHSEED": "0", "TZ": "UTC"}
    assert not build(read_project(place.paper.root), Options(env=env), lambda _event: None).failed
    place.paper.save({})


def author(place: Lab) -> dict[str, str]:
    return recorded(read_project(place.paper.root))
