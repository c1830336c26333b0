"""Data out of a DVC remote, by nobody's keys: of a folder or over http by this, of a cloud by the real dvc."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import os
import posixpath
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from fossml import __version__
from fossml.project.dvcconfig import Remote
from fossml.types import Artifact

_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "s3": ("endpointurl", "region"),
    "gs": ("endpointurl", "projectname"),
    "azure": ("account_name",),
}
"""The clouds, and what of a remote's settings is passed on: nothing that names keys, files or commands."""
_LARGEST_LIST = 512 * 2**20
_TIMEOUT = 60.0


class RefusedError(Exception):
    """Data is not fetched, and `why`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def way_of(remote: Remote, home: Path | None) -> str:
    """How `remote` is read: `folder`, `http` or `dvc`. RefusedError: a stranger's (`home` None) leads to this machine.

    Nothing that would need somebody's keys is tried with them.
    """
    if not remote.url or not remote.url.isprintable() or " " in remote.url:
        raise RefusedError("it has no address that can be followed")
    scheme = urlsplit(remote.url).scheme if "://" in remote.url else ""
    if scheme in ("", "file"):
        if home is None:
            raise RefusedError("it is a folder of the machine where it was written, and is not looked for on this one")
        return "folder"
    named = [remote.url] if scheme in ("http", "https") else [remote.settings.get("endpointurl", "")]
    if home is None and not all(map(is_public, filter(None, named))):
        raise RefusedError("it leads to a service of this machine or of its own network, and is not called")
    if scheme in ("http", "https"):
        return "http"
    if scheme in _SETTINGS:
        return "dvc"
    raise RefusedError(f"{scheme}:// needs keys, and nobody's are used")


def is_public(url: str) -> bool:
    """Whether `url` leads to nothing of this machine or of its network: what answers there may trust whoever asks."""
    try:
        host = urlsplit(url).hostname or ""
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, ValueError):  # not to be found from here, so only a proxy could reach it
        return not re.fullmatch(r"[\w-]*|.*\.(local|internal|lan|home|corp)", urlsplit(url).netloc.partition(":")[0])
    return all(ipaddress.ip_address(one.partition("%")[0]).is_global for one in found)


def fetch(
    wanted: Sequence[Artifact], remote: Remote, home: Path | None, into: Path, environ: Mapping[str, str]
) -> None:
    """Bring the objects of `wanted` into the DVC cache `into`. RefusedError: why one could not be had."""
    way = way_of(remote, home)
    if way == "dvc":
        _through_dvc(wanted, remote, into, environ)
        return
    base = str(_folder(remote, home)) if way == "folder" else remote.url.rstrip("/")
    read = _from_folder if way == "folder" else _from_web
    for artifact in wanted:
        _object(artifact.digest, artifact.size if artifact.nfiles is None else None, base, read, into)
        if artifact.digest.endswith(".dir"):
            for digest in _listed(_place(into, artifact.digest)):
                _object(digest, None, base, read, into)


def _folder(remote: Remote, home: Path | None) -> Path:
    """A path counts from the folder of the configuration that names it."""
    path = remote.url.removeprefix("file://")
    return Path(os.path.normpath((home or Path()) / ".dvc" / Path(path).expanduser()))


def _place(folder: Path, digest: str) -> Path:
    return folder / "files" / "md5" / digest[:2] / digest[2:]


def _listed(manifest: Path) -> list[str]:
    """The digests of the files of a folder."""
    try:
        digests = [str(one["md5"]) for one in json.loads(manifest.read_bytes())]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RefusedError("the list of a folder's files cannot be read") from error
    if not all(re.fullmatch(r"[0-9a-f]{32}", digest) for digest in digests):
        raise RefusedError("the list of a folder's files names no digests")
    return digests


Read = Callable[[str], "contextlib.AbstractContextManager[IO[bytes]]"]


def _object(digest: str, size: int | None, base: str, read: Read, into: Path) -> None:
    """One object, checked by its digest, in place whole or not at all."""
    if not re.fullmatch(r"[0-9a-f]{32}(\.dir)?", digest):
        raise RefusedError(f"its .dvc file has no MD5: {digest!r}")
    target = _place(into, digest)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    spare = shutil.disk_usage(target.parent).free // 2
    most = min(spare, size if size else _LARGEST_LIST if digest.endswith(".dir") else spare)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        temporary = Path(file.name)
        try:
            with read(posixpath.join(base, "files/md5", digest[:2], digest[2:])) as source:
                found = _copy(source, file, most)
            if found != digest[:32]:
                raise RefusedError(f"the remote has other bytes at {digest}")
            temporary.chmod(0o444)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _copy(source: IO[bytes], target: IO[bytes], most: int, kind: str = "md5") -> str:
    """Copy to the end; the digest in hex."""
    digest, size = hashlib.new(kind, usedforsecurity=False), 0
    while chunk := source.read(2**20):
        size += len(chunk)
        if size > most:
            raise RefusedError("the remote has more bytes than the .dvc file says, or than half of what is free here")
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    return digest.hexdigest()


@contextlib.contextmanager
def _from_folder(path: str) -> Iterator[IO[bytes]]:
    try:
        file = Path(path).open("rb")  # noqa: SIM115  # closed below; an error while it is read is another one
    except OSError as error:
        raise RefusedError(f"the remote does not have it: {error.strerror}: {path}") from error
    with file:
        yield file


@contextlib.contextmanager
def _from_web(url: str) -> Iterator[IO[bytes]]:
    request = urllib.request.Request(url, headers={"User-Agent": f"fossml/{__version__}"})
    opener = urllib.request.build_opener(_NoOther)
    try:
        answer = opener.open(request, timeout=_TIMEOUT)
    except (urllib.error.URLError, OSError, ValueError) as error:
        why = f"HTTP {error.code}" if isinstance(error, urllib.error.HTTPError) else getattr(error, "reason", error)
        raise RefusedError(f"the remote does not give it: {why}: {url}") from error
    with answer:
        yield answer


class _NoOther(urllib.request.HTTPRedirectHandler):
    """Follow a redirection to http and https only, and none from outside to a service of this machine's network."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """None, and so an error, for another kind of address."""
        if not newurl.startswith(("http://", "https://")) or (is_public(req.full_url) and not is_public(newurl)):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(url: str, sha256: str, target: Path) -> None:
    """The file at `url`, which must have that digest. RefusedError: why it is not had."""
    most = min(_LARGEST_LIST, shutil.disk_usage(target.parent).free // 2)
    with _from_web(url) as source, target.open("xb") as file:
        if _copy(source, file, most, "sha256") != sha256:
            raise RefusedError(f"other bytes are at {url}")


def find_dvc(environ: Mapping[str, str]) -> str | None:
    """The real dvc: FOSSML_DVC, the one on PATH, or the one beside fossml; None where there is none."""
    beside = Path(sys.prefix) / "bin" / "dvc"
    for path in (environ.get("FOSSML_DVC"), shutil.which("dvc", path=environ.get("PATH", "")), str(beside)):
        if path and os.access(path, os.X_OK):
            return path
    return None


def _through_dvc(wanted: Sequence[Artifact], remote: Remote, into: Path, environ: Mapping[str, str]) -> None:
    """By `dvc fetch` in a repository of our own, whose configuration has little but the address."""
    program = find_dvc(environ)
    if program is None:
        raise RefusedError(f"{remote.url} needs dvc, and there is none here")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "home").mkdir()
        write_own(root, wanted, remote, into)
        env = {
            key: value
            for key, value in environ.items()
            if key in ("PATH", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        }
        apart = {
            key: str(root / "home")
            for key in ("HOME", "XDG_CONFIG_HOME", "DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR")
        }
        env |= {
            **apart,
            "DVC_SITE_CACHE_DIR": str(root / "site"),
            "DVC_NO_ANALYTICS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        done = subprocess.run(
            [program, "fetch"], cwd=root, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise RefusedError(
            f"dvc cannot fetch it from {remote.url}: {(lines or ['it failed'])[0].removeprefix('ERROR: ')}"
        )


def write_own(root: Path, wanted: Sequence[Artifact], remote: Remote, into: Path) -> None:
    """A DVC repository at `root` that names `wanted` and nothing else, with one remote and the cache `into`."""
    (root / ".dvc").mkdir()
    known = _SETTINGS.get(urlsplit(remote.url).scheme, ())
    settings = {key: value for key, value in remote.settings.items() if key in known and _is_plain(value)}
    anonymous = {"allow_anonymous_login": "true"} if known else {}
    lines = ["[core]", "no_scm = true", "analytics = false", "check_update = false", "remote = r"]
    lines += ["[cache]", f"dir = {into}", "['remote \"r\"']", f"url = {remote.url}", "verify = true"]
    lines += [f"{key} = {value}" for key, value in {**settings, **anonymous}.items()]
    (root / ".dvc" / "config").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for number, one in enumerate(wanted):
        size = f"  size: {one.size}\n" if one.size else ""
        files = f"  nfiles: {one.nfiles}\n" if one.nfiles is not None else ""
        text = f"outs:\n- md5: {one.digest}\n{size}{files}  hash: md5\n  path: data{number}\n"
        (root / f"data{number}.dvc").write_text(text, encoding="utf-8")


def _is_plain(value: str) -> bool:
    return re.fullmatch(r"[\w.:/?=&%+-]+", value) is not None and not value.startswith(("/", ".", "file:"))
