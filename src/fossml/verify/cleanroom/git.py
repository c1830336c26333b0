"""Git, called so that no hook, filter, prompt or helper of a repository runs; what it says of one.

Nothing of this machine is reached by what a stranger wrote.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fossml.errors import FossmlError

_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "log.showSignature=false", "safe.directory=*")
_SAFE = tuple(word for one in _SETTINGS for word in ("-c", one))
_SSH = "ssh -oBatchMode=yes -oForwardAgent=no -oForwardX11=no -oClearAllForwardings=yes -oPermitLocalCommand=no"
_KEPT = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_SSH_COMMAND", "GIT_SSH"})
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
_ALONE = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}
"""No settings but git's own: no filter, credential helper or rewriting of URLs that the user has."""


@dataclass(frozen=True, slots=True)
class Git:
    """How git is called: with the user's own settings where the user named the repository (`trusted`), else without."""

    environ: Mapping[str, str]
    protocols: str = "none"
    trusted: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    def run(self, folder: Path, *args: str, given: str = "", most: int = 0) -> subprocess.CompletedProcess[str]:
        """`git args` in `folder`, which writes no file of more than `most` bytes. FossmlError where there is no git."""
        bounded = ["prlimit", f"--fsize={most}", "--"] if most and shutil.which("prlimit") else []
        try:
            return subprocess.run(
                [*bounded, "git", *_SAFE, *args],
                cwd=folder,
                env=self._env(),
                input=given,
                capture_output=True,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise FossmlError(f"git cannot be started: {error.strerror}", hint="install git") from error

    def lines(self, folder: Path, *args: str) -> Generator[str, None, None]:
        """What `git args` prints, line by line as it comes; whoever has enough stops it."""
        quiet, env = subprocess.DEVNULL, self._env()
        with subprocess.Popen(
            ["git", *_SAFE, *args], cwd=folder, env=env, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, text=True
        ) as process:
            assert process.stdout is not None
            try:
                yield from process.stdout
            finally:
                process.kill()

    def _env(self) -> dict[str, str]:
        env = {name: value for name, value in self.environ.items() if not name.startswith("GIT_") or name in _KEPT}
        env |= {**_QUIET, "GIT_ALLOW_PROTOCOL": self.protocols, **self._settings()}
        if not self.trusted:
            env |= {**_ALONE, "HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull}
        elif "GIT_SSH_COMMAND" not in env and "GIT_SSH" not in env:
            env["GIT_SSH_COMMAND"] = _SSH
        return env

    def _settings(self) -> dict[str, str]:
        """As variables: a URL with a token in it is then in nobody's list of processes."""
        pairs = list(enumerate(self.settings.items()))
        keys = {f"GIT_CONFIG_KEY_{number}": name for number, (name, _) in pairs}
        return {
            "GIT_CONFIG_COUNT": str(len(pairs)),
            **keys,
            **{f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in pairs},
        }

    def out(self, folder: Path, *args: str, given: str = "") -> str | None:
        """What it prints; None where it fails."""
        done = self.run(folder, *args, given=given)
        return done.stdout if done.returncode == 0 else None


@dataclass(frozen=True, slots=True)
class Repository:
    """Where the objects of a repository lie; `git` reads them from `folder`."""

    folder: Path
    git: Git

    def resolve(self, rev: str) -> str | None:
        """The commit (hex digits) that `rev` names; None where it names none."""
        found = self.git.out(self.folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
        return found.strip() if found else None

    def top(self) -> Path | None:
        """The top of the work tree that `folder` lies in; None outside of one."""
        found = self.git.out(self.folder, "rev-parse", "--show-toplevel")
        return Path(found.removesuffix("\n")) if found else None

    def is_bare(self) -> bool:
        """Whether `folder` is a repository without a work tree."""
        return (self.git.out(self.folder, "rev-parse", "--is-bare-repository") or "").strip() == "true"

    def date(self, commit: str) -> str:
        """When the commit was made, ISO 8601 in UTC."""
        env = replace_env(self.git, {"TZ": "UTC"})
        form = "--date=format-local:%Y-%m-%dT%H:%M:%SZ"
        return (env.out(self.folder, "show", "--no-patch", form, "--format=%cd", commit) or "").strip()

    def path(self, name: str) -> Path:
        """Where git keeps `name` (`objects`, `shallow`)."""
        return self.folder / (self.git.out(self.folder, "rev-parse", "--git-path", name) or name).strip()


def replace_env(git: Git, more: Mapping[str, str]) -> Git:
    """`git` with `more` in its environment."""
    return Git({**git.environ, **more}, git.protocols, git.trusted, git.settings)
