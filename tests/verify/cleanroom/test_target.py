"""What a reader types, as a folder or a repository elsewhere, with a revision or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.verify.cleanroom.target import Target, name_of, parse_target, shown_url

HUB = "https://github.com/anna/birds"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name in ("paper", "a@b", "github.com/anna/birds"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_nothing_is_the_folder_where_one_stands(here: Path) -> None:
    assert parse_target(None, here) == Target(here)


@pytest.mark.parametrize(
    ("text", "folder", "rev"),
    [
        ("paper", "paper", None),
        ("paper@v1", "paper", "v1"),
        ("paper@HEAD@{1}", "paper", "HEAD@{1}"),
        ("paper@feature/x", "paper", "feature/x"),
        (".@v1.0", "", "v1.0"),
        ("@v1.0", "", "v1.0"),
        ("a@b", "a@b", None),
        ("a@b@v1", "a@b", "v1"),
        ("github.com/anna/birds", "github.com/anna/birds", None),
    ],
)
def test_what_lies_here_comes_first(text: str, folder: str, rev: str | None, here: Path) -> None:
    assert parse_target(text, here) == Target(here / folder, rev=rev)


@pytest.mark.parametrize(
    ("text", "url", "rev", "folder"),
    [
        (HUB, HUB, None, ""),
        (f"{HUB}.git", f"{HUB}.git", None, ""),
        (f"{HUB}@v1", HUB, "v1", ""),
        (f"{HUB}@feature/x", HUB, "feature/x", ""),
        (f"git+{HUB}@v1#subdirectory=code/a", HUB, "v1", "code/a"),
        (f"{HUB}/tree/v1", HUB, "v1", ""),
        (f"{HUB}/tree/v1/code/a", HUB, "v1", "code/a"),
        (f"{HUB}/commit/0123abc", HUB, "0123abc", ""),
        ("https://gitlab.com/anna/birds/-/tree/v1", "https://gitlab.com/anna/birds", "v1", ""),
        ("https://user:secret@example.org/a/b@v1", "https://user:secret@example.org/a/b", "v1", ""),
        ("https://example.org/@anna/birds@v1", "https://example.org/@anna/birds", "v1", ""),
        ("ssh://git@example.org:22/a/b@v1", "ssh://git@example.org:22/a/b", "v1", ""),
        ("git@github.com:anna/birds.git", "git@github.com:anna/birds.git", None, ""),
        ("git@github.com:anna/birds.git@v1", "git@github.com:anna/birds.git", "v1", ""),
        ("file:///srv/birds@v1", "file:///srv/birds", "v1", ""),
        ("codeberg.org/anna/birds@v1", "https://codeberg.org/anna/birds", "v1", ""),
    ],
)
def test_a_url_names_a_repository(text: str, url: str, rev: str | None, folder: str, here: Path) -> None:
    assert parse_target(text, here) == Target(url=url, rev=rev, folder=folder)


def test_a_folder_with_an_at_in_its_name_may_stand_in_a_file_url(here: Path) -> None:
    assert parse_target(f"file://{here}/a@b", here) == Target(url=f"file://{here}/a@b")


@pytest.mark.parametrize(
    "text",
    [
        "--upload-pack=touch x",
        "-u",
        "",
        "ext::sh -c true",
        "git+ext::sh",
        "fd::3",
        "nothing",
        "paper@-x",
        "paper@--upload-pack=x",
        "paper@a..b",
        "paper@v1:file",
        "paper@",
        f"{HUB}@--upload-pack=x",
        f"{HUB}@-x",
        f"{HUB}#subdirectory=../x",
        f"{HUB}#subdirectory=/etc",
        f"{HUB}#egg=birds",
        "ftp://example.org/a",
        "ext://example.org/a",
        "javascript://x/a",
        "https:///a/b",
        "ssh://-oProxyCommand=x/a",
        "https://example.org/a\n/b",
        "-oProxyCommand=x@host:a",
    ],
)
def test_what_names_nothing_or_runs_a_command_is_refused(text: str, here: Path) -> None:
    with pytest.raises(FossmlError):
        parse_target(text, here)


def test_owner_and_name_alone_are_asked_about(here: Path) -> None:
    with pytest.raises(FossmlError) as caught:
        parse_target("anna/birds", here)
    assert caught.value.hint == f"is {HUB} meant?"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@example.org/a", "https://example.org/a"),
        ("https://token@example.org/a", "https://example.org/a"),
        ("fatal: https://x:y@example.org/a not found", "fatal: https://example.org/a not found"),
        ("ssh://git@example.org/a", "ssh://git@example.org/a"),
        ("https://example.org/@a/b", "https://example.org/@a/b"),
    ],
)
def test_secrets_in_a_url_are_not_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    ("url", "name"),
    [(f"{HUB}.git/", "birds"), ("git@example.org:birds.git", "birds"), ("file:///x/..", "repository"), ("/a/b", "b")],
)
def test_a_checkout_is_named_as_a_clone_would_be(url: str, name: str) -> None:
    assert name_of(url) == name
