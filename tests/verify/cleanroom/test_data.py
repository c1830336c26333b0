"""Data that a commit only names, with the real dvc and its remotes, and files of git-lfs."""

from __future__ import annotations

import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from fossml.project.declared import read_project
from fossml.project.dvcconfig import Remote, read_remotes
from fossml.types import Artifact, Finding
from fossml.verify.cleanroom.data import Brought, bring
from fossml.verify.cleanroom.remote import RefusedError, _from_web, fetch, way_of, write_own
from fossml.verify.rebuild.copies import leaves_out
from tests.conftest import Dvc

BYTES = b"a,b\n1,2\n"
MD5 = hashlib.md5(BYTES).hexdigest()


class Lab:
    """A DVC repository with a tracked file and a tracked folder, pushed to a remote, and a clone without the data."""

    def __init__(self, tmp_path: Path, root: Path, dvc: Dvc) -> None:
        self.root, self.dvc, self.remote, self.kept = root, dvc, tmp_path / "remote", tmp_path / "kept"
        self.clone = tmp_path / "clone"
        dvc(root, "init", "-q")
        dvc(root, "remote", "add", "-d", "store", str(self.remote))
        (root / "data.csv").write_bytes(BYTES)
        (root / "images").mkdir()
        (root / "images/a.txt").write_text("a")
        (root / "images/b.txt").write_text("b")
        dvc(root, "add", "-q", "data.csv", "images")
        dvc(root, "push", "-q")
        self.commit()

    def commit(self) -> None:
        for args in (["add", "-A"], ["commit", "-q", "--allow-empty", "-m", "more"]):
            subprocess.run(["git", *args], cwd=self.root, check=True)

    def url(self, url: str, **more: str) -> None:
        self.dvc(self.root, "remote", "modify", "store", "url", url)
        for name, value in more.items():
            self.dvc(self.root, "remote", "modify", "store", name, value)
        self.commit()

    def bring(self, home: Path | None = None) -> Brought:
        subprocess.run(["rm", "-rf", str(self.clone)], check=True)
        subprocess.run(["git", "clone", "-q", str(self.root), str(self.clone)], check=True)
        project = read_project(self.clone)
        return bring(project, home, self.kept, os.environ, lambda _line: None)

    def lacking(self, brought: Brought) -> set[str]:
        """The tracked paths that no cache has after all."""
        project = read_project(self.clone)
        left = leaves_out(project, brought.caches)
        return {one.path for one in project.tracked if self.clone / one.path not in left}


@pytest.fixture
def lab(tmp_path: Path, repository: Path, dvc: Dvc) -> Lab:
    return Lab(tmp_path, repository, dvc)


@pytest.fixture
def web(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The remote over http, at an address that counts as one outside."""
    monkeypatch.setattr("fossml.verify.cleanroom.remote.is_public", lambda _url: True)

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=lab.remote)) as one:
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{one.server_port}"
        one.shutdown()
        thread.join()


def said(brought: Brought) -> list[tuple[str, str, str]]:
    return [(one.code, one.status, one.subject) for one in brought.findings]


def only(brought: Brought) -> Finding:
    (found,) = {one.message: one for one in brought.findings}.values()
    return found


def test_a_folder_of_the_reader_keeps_its_cache(lab: Lab) -> None:
    brought = lab.bring(lab.root)
    assert (said(brought), lab.lacking(brought)) == ([], set())


def test_a_folder_of_the_reader_keeps_its_local_remote(lab: Lab) -> None:
    subprocess.run(["rm", "-rf", ".dvc/cache", "data.csv", "images"], cwd=lab.root, check=True)
    brought = lab.bring(lab.root)
    assert lab.lacking(brought) == set()
    assert said(brought) == [("DAT001", "pass", "data.csv"), ("DAT001", "pass", "images")]


@pytest.mark.parametrize("url", ["{remote}", "file://{remote}", "../remote", "/root/.ssh", "~/.ssh"])
def test_a_stranger_does_not_lead_to_files_of_this_machine(url: str, lab: Lab) -> None:
    config = lab.root / ".dvc/config"
    config.write_text(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {url.format(remote=lab.remote)}\n")
    lab.commit()
    brought = lab.bring()
    assert said(brought) == [("DAT002", "fail", "data.csv"), ("DAT002", "fail", "images")]
    found = brought.findings[0]
    assert [(one.path, one.line) for one in found.evidence] == [("data.csv.dvc", 5), (".dvc/config", 4)]
    assert "a folder of the machine where it was written" in found.message
    assert not lab.kept.exists()


def test_a_remote_over_http(web: str, lab: Lab) -> None:
    lab.url(web)
    brought = lab.bring()
    assert said(brought) == [("DAT001", "pass", "data.csv"), ("DAT001", "pass", "images")]
    assert lab.lacking(brought) == set()
    subprocess.run(["rm", "-rf", str(lab.remote)], check=True)
    assert said(lab.bring()) == []


def test_what_a_remote_does_not_have_is_named(web: str, lab: Lab) -> None:
    lab.url(web)
    (lab.remote / "files/md5" / MD5[:2] / MD5[2:]).unlink()
    brought = lab.bring()
    assert said(brought) == [("DAT002", "fail", "data.csv"), ("DAT001", "pass", "images")]
    assert "HTTP 404" in brought.findings[0].message
    assert lab.lacking(brought) == {"data.csv"}


@pytest.mark.parametrize(("data", "why"), [(b"a,b\n1,3\n", "other bytes"), (BYTES * 2, "more bytes")])
def test_other_bytes_than_those_that_are_named_are_not_taken(data: bytes, why: str, web: str, lab: Lab) -> None:
    lab.url(web)
    place = lab.remote / "files/md5" / MD5[:2] / MD5[2:]
    place.chmod(0o644)
    place.write_bytes(data)
    brought = lab.bring()
    assert why in brought.findings[0].message
    assert lab.lacking(brought) == {"data.csv"}
    assert [path for path in lab.kept.rglob("*") if path.is_file() and "tmp" in path.name] == []


def test_a_remote_does_not_fill_the_disk_with_data_whose_size_nobody_said(
    web: str, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"x" * 2**20
    digest = hashlib.md5(data).hexdigest()
    place = lab.remote / "files/md5" / digest[:2] / digest[2:]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(data)
    whole = shutil.disk_usage(lab.remote)
    remote, wanted = Remote("r", web, {}, ".dvc/config"), [Artifact("x", digest, 0)]
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: whole._replace(free=2**20))
    with pytest.raises(RefusedError, match="half of what is free"):
        fetch(wanted, remote, None, lab.kept, {})
    assert [path for path in lab.kept.rglob("*") if path.is_file()] == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: whole._replace(free=2**21))
    fetch(wanted, remote, None, lab.kept, {})
    assert (lab.kept / "files/md5" / digest[:2] / digest[2:]).read_bytes() == data


@pytest.mark.parametrize(
    "url", ["ssh://example.org/data", "hdfs://example.org/x", "gdrive://x", "webdavs://example.org/x"]
)
def test_nobodys_keys_are_used(url: str, lab: Lab) -> None:
    lab.url(url)
    assert "nobody's are used" in lab.bring().findings[0].message


def test_without_a_remote_that_is_said(lab: Lab) -> None:
    (lab.root / ".dvc/config").write_text("")
    lab.commit()
    assert only(lab.bring()).message == "the data could not be had: no remote is configured"


def test_what_was_imported_is_not_fetched_from_where_it_was(web: str, lab: Lab, tmp_path: Path) -> None:
    lab.url(web)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    digest = hashlib.md5(b"secret").hexdigest()
    text = f"deps:\n- path: {secret}\n  hash: md5\nouts:\n- md5: {digest}\n  size: 6\n  hash: md5\n  path: x\n"
    (lab.root / "x.dvc").write_text(text)
    lab.commit()
    brought = lab.bring()
    assert ("DAT002", "fail", "x") in said(brought)
    assert not (lab.clone / "x").exists()


def test_a_digest_that_is_a_path_is_refused(tmp_path: Path) -> None:
    remote = Remote("r", "http://192.0.9.1:9/", {}, ".dvc/config")
    for digest in ("../../../../etc/passwd", "", "0" * 31):
        with pytest.raises(RefusedError, match="no MD5"):
            fetch([Artifact("x", digest, 1)], remote, None, tmp_path / "kept", {})


def test_through_the_real_dvc(web: str, lab: Lab, dvc_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fossml.verify.cleanroom.remote.way_of", lambda _remote, _home: "dvc")
    lab.url(web)
    project = read_project(lab.root)
    remote = read_remotes(lab.root)[0]["store"]
    fetch(project.tracked, remote, None, lab.kept, {**os.environ, "FOSSML_DVC": str(dvc_path)})
    assert (lab.kept / "files/md5" / MD5[:2] / MD5[2:]).read_bytes() == BYTES
    with pytest.raises(RefusedError, match="dvc cannot fetch it"):
        fetch([Artifact("x", "0" * 32, 1)], remote, None, lab.kept, {**os.environ, "FOSSML_DVC": str(dvc_path)})


def test_of_a_strangers_settings_nothing_leads_to_keys_or_files(tmp_path: Path) -> None:
    settings = {
        "url": "s3://bucket/data",
        "credentialpath": "/root/.aws/credentials",
        "profile": "work",
        "endpointurl": "file:///etc",
        "region": "eu-west-1",
        "session_token": "x",
    }
    write_own(tmp_path, [], Remote("r", "s3://bucket/data", settings, ".dvc/config"), tmp_path / "kept")
    text = (tmp_path / ".dvc/config").read_text()
    assert "region = eu-west-1" in text
    assert "allow_anonymous_login = true" in text
    for word in ("credential", "profile", "endpointurl", "token"):
        assert word not in text


@pytest.mark.parametrize("url", ["", "s3://a b", "s3://a\nurl = file:///root", "remote://other/x"])
def test_an_address_that_cannot_be_followed(url: str) -> None:
    with pytest.raises(RefusedError):
        way_of(Remote("r", url, {}, ".dvc/config"), None)


def pointer(data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n"


def commit_files(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).write_text(text)
    for args in (["add", "-A"], ["commit", "-q", "-m", "more"]):
        subprocess.run(["git", *args], cwd=root, check=True)


def test_a_pointer_of_git_lfs_is_named(repository: Path, tmp_path: Path) -> None:
    commit_files(repository, {"model.bin": pointer(b"x" * 5000), "no.txt": "version https://git-lfs.github.com/\n"})
    brought = bring(read_project(repository), None, tmp_path / "kept", {}, lambda _line: None)
    found = only(brought)
    assert (found.code, found.subject, found.evidence[0].line) == ("DAT003", "model.bin", 1)
    assert "5,000 bytes" in found.message
    assert "git lfs pull" in found.hint


@pytest.mark.parametrize(("data", "taken"), [(b"model", True), (b"other", False)])
def test_the_readers_own_copy_stands_in_for_a_pointer_if_it_is_the_one(
    data: bytes, taken: bool, repository: Path, tmp_path: Path
) -> None:
    commit_files(repository, {"model.bin": pointer(b"model")})
    home = tmp_path / "home"
    home.mkdir()
    (home / "model.bin").write_bytes(data)
    brought = bring(read_project(repository), home, tmp_path / "kept", {}, lambda _line: None)
    assert ((repository / "model.bin").read_bytes() == b"model") is taken
    assert said(brought) == ([] if taken else [("DAT003", "fail", "model.bin")])


def test_an_input_that_nothing_makes_or_names_is_told_with_its_line(repository: Path, tmp_path: Path) -> None:
    pipeline = """\
stages:
  one:
    cmd: python a.py
    deps:
    - a.py
    - raw/birds.csv
    - s3://bucket/x
    outs: [made]
  two:
    cmd: python b.py
    deps: [made/inner]
"""
    commit_files(repository, {"dvc.yaml": pipeline, "a.py": ""})
    found = only(bring(read_project(repository), None, tmp_path / "kept", {}, lambda _line: None))
    assert (found.code, found.subject) == ("DAT004", "raw/birds.csv")
    assert (found.evidence[0].path, found.evidence[0].line) == ("dvc.yaml", 6)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8080", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "192.168.1.1", "0.0.0.0", "2130706433"],
)
def test_a_stranger_does_not_lead_to_services_of_this_network(host: str) -> None:
    for remote in (
        Remote("r", f"http://{host}/delete?all=", {}, ".dvc/config"),
        Remote("r", "s3://bucket", {"endpointurl": f"http://{host}"}, ".dvc/config"),
    ):
        with pytest.raises(RefusedError, match="service of this machine"):
            way_of(remote, None)
        assert way_of(remote, Path("/home/reader/project")) in ("http", "dvc")


def test_a_redirection_from_outside_to_this_network_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Redirecting(http.server.BaseHTTPRequestHandler):
        asked: ClassVar[list[str]] = []

        def do_GET(self) -> None:
            self.asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "/secret")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    monkeypatch.setattr("fossml.verify.cleanroom.remote.is_public", lambda url: "secret" not in url)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with pytest.raises(RefusedError), _from_web(f"http://127.0.0.1:{server.server_port}/data"):
            pass
        server.shutdown()
        thread.join()
    assert Redirecting.asked == ["/data"]
