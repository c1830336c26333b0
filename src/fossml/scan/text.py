"""What any text says, line by line: waivers, secrets, paths of one machine, commands and downloads in scripts."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from fossml.scan.model import Ignore, Mark

_WIDEST = 200

HOME = re.compile(
    r"(?<![\w.:/\\~$}>)-])(?:/home/(?!(?:user|username|you|your|name|USER|USERNAME)\b)[\w.-]+/"
    r"|/Users/(?!Shared/|(?:user|username|you|your)\b)[\w.-]+/|/root/\w"
    r"|[A-Za-z]:[\\/]{1,2}(?:Users|Documents and Settings)[\\/]{1,2}\w)"
    r"[^\s'\"`,;)\]]*"
)
MACHINE = re.compile(
    r"(?<![\w.:/\\~$}>)-])(?:~/(?!\.)\w[^\s'\"`,;)\]]*"
    r"|/(?:data|data\d|mnt|media|scratch|storage|nfs|gpfs|lustre|work|hdd|ssd|raid|content/drive|kaggle/input|datasets?)/"
    r"\w[^\s'\"`,;)\]]*|[A-Z]:[\\/]{1,2}\w[^\s'\"`,;)\]]*)"
)
_GITHUB = (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_")
_SECRET = re.compile(
    rb"-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP )?PRIVATE KEY|(?<![A-Za-z0-9])(?:AKIA[0-9A-Z]{16}|hf_[A-Za-z0-9]{34}"
    rb"|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,}|AIza[0-9A-Za-z_-]{35}|xox[bp]-[0-9A-Za-z-]{20,}"
    rb"|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{40,}|pypi-[A-Za-z0-9_-]{60,})(?![A-Za-z0-9])"
)
_SECRET_STARTS = (
    b"PRIVATE KEY",
    b"AKIA",
    b"hf_",
    b"github_pat_",
    b"AIza",
    b"xoxb-",
    b"xoxp-",
    b"sk-",
    b"pypi-",
    *_GITHUB,
)
_IGNORE = re.compile(r"fossml:\s*ignore\[([A-Z0-9, ]+)\](?:\s+because\s+(.*?\w.*))?")
_DOWNLOAD = re.compile(
    r"\b(?:wget|curl|gdown|axel|aria2c)\b[^|;&]*?(https?://[^\s'\"]+|\$\{?\w*url\w*\}?|\bid=\S+)", re.I
)
_DIGEST = re.compile(r"sha(?:1|224|256|384|512)(?:sums?|\b|_)|md5(?:sums?|\b|_)|checksum|known_hash|hexdigest", re.I)
_CONTROL = bytes([*range(1, 7), *range(14, 27), *range(28, 32), 127])
"""Bytes that texts in no encoding are full of."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes) -> str:
    """Bytes as text: by byte order mark, as UTF-16 where every other byte is zero, else UTF-8; never an error."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data.decode(name, "replace")
    if len(data) >= 4 and data[1:2] == data[3:4] == b"\0" and data[0] and data[2]:
        return data.decode("utf-16-le", "replace")
    return data.decode("utf-8", "replace")


def is_text(head: bytes) -> bool:
    """True where the first bytes of a file look like text."""
    if b"\0" not in head:
        return len(head) - len(head.translate(None, _CONTROL)) <= len(head) // 20
    return head.startswith(tuple(bom for bom, _ in _BOMS)) or decode(head[:64]).isprintable()


def shown(line: str) -> str:
    """A line as evidence shows it: stripped, not endless."""
    line = line.strip()
    return line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…"


def ignores(text: str) -> tuple[Ignore, ...]:
    """The waivers that stand in a text."""
    if "fossml:" not in text:
        return ()
    found = ((number, _IGNORE.search(line)) for number, line in enumerate(text.splitlines(), 1))
    return tuple(
        Ignore(number, tuple(code.strip() for code in match[1].split(",")), (match[2] or "").strip())
        for number, match in found
        if match
    )


def secrets(data: bytes) -> Iterator[Mark]:
    """Keys and tokens; the evidence shows how each begins and no more."""
    if not any(start in data for start in _SECRET_STARTS):
        return
    for match in _SECRET.finditer(data):
        what = match[0].decode("ascii")
        if "EXAMPLE" in what or len(set(what)) < 10:
            continue
        masked = what if what.startswith("-----") else what[:8] + "…"
        yield Mark("secret", data.count(b"\n", 0, match.start()) + 1, masked, masked)


def machine_paths(value: str, line: int | None, text: str) -> Iterator[Mark]:
    """Paths in `value` that exist on one machine only."""
    if match := HOME.search(value):
        yield Mark("home path", line, match[0], shown(text))
    elif match := MACHINE.search(value):
        yield Mark("machine path", line, match[0], shown(text))


def config_paths(text: str, comment: str = "#") -> Iterator[Mark]:
    """Paths of one machine in a configuration or shell script, comments left out."""
    if "/" not in text and ":\\" not in text:
        return
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.split(comment, 1)[0] if line.lstrip().startswith(comment) or f" {comment}" in line else line
        yield from machine_paths(bare, number, line)


def shell_downloads(text: str) -> Iterator[Mark]:
    """Downloads by wget, curl and their like; `group` says whether the script compares a digest anywhere."""
    checked = "checked" if _DIGEST.search(text) else ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith("#") and (match := _DOWNLOAD.search(line)):
            yield Mark("download", number, match[1], shown(line), checked)


def compares_digest(text: str) -> bool:
    """True where a text speaks of a digest at all."""
    return _DIGEST.search(text) is not None
