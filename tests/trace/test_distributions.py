"""From what was executed in site-packages to distributions."""

from __future__ import annotations

import json
from pathlib import Path

from fossml.trace.distributions import Installed, editable, imported, normalised


def install(site: Path, name: str, version: str, files: list[str], top: str | None = None) -> None:
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    if top is not None:
        (info / "top_level.txt").write_text(top)
    for file in files:
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text("")


def test_by_name_by_top_level_and_by_record(tmp_path: Path) -> None:
    install(tmp_path, "requests", "2.0", ["requests/__init__.py"])
    install(tmp_path, "scikit-learn", "1.4", ["sklearn/__init__.py"], "sklearn\n")
    install(tmp_path, "opencv-python", "4.9", ["cv2/__init__.py"])
    install(tmp_path, "six", "1.16", ["six.py"])
    install(tmp_path, "unused", "1.0", ["unused/__init__.py"])
    site = str(tmp_path)
    found = imported({(site, "requests/api.py"), (site, "sklearn/svm"), (site, "cv2/__init__.py"), (site, "six.py")})
    names = [("opencv-python", "4.9"), ("requests", "2.0"), ("scikit-learn", "1.4"), ("six", "1.16")]
    assert found == [Installed(name, version, site) for name, version in names]


def test_a_namespace_package_has_the_owner_of_its_part(tmp_path: Path) -> None:
    install(tmp_path, "google-api", "1.0", ["google/api/__init__.py"])
    install(tmp_path, "protobuf", "5.0", ["google/protobuf/__init__.py"])
    assert imported({(str(tmp_path), "google/protobuf")}) == [Installed("protobuf", "5.0", str(tmp_path))]


def test_what_nobody_owns_is_no_distribution(tmp_path: Path) -> None:
    assert imported({(str(tmp_path), "stray.py")}) == []


def test_names_are_compared_as_pep_503_does() -> None:
    assert normalised("Ruamel.Yaml_clib") == "ruamel-yaml-clib"


def test_code_installed_for_editing_belongs_to_its_distribution(tmp_path: Path) -> None:
    install(tmp_path, "my-lib", "0.1", [])
    install(tmp_path, "fixed", "1.0", [])
    for name, edits in (("my_lib-0.1", True), ("fixed-1.0", False)):
        origin = {"url": f"file:///home/a%20b/{name}", "dir_info": {"editable": edits}}
        (tmp_path / f"{name}.dist-info" / "direct_url.json").write_text(json.dumps(origin))
    sources = ["/home/a b/my_lib-0.1/src/x.py", "/home/a b/fixed-1.0/x.py", "/home/other.py"]
    assert editable(sources, [str(tmp_path)]) == {sources[0]: Installed("my-lib", "0.1", str(tmp_path))}
