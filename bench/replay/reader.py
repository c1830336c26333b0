"""The real dvc, asked how it reads a dvc.yaml: templates, loops, parameters. One process for a whole history."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Reader:
    """`python` is the one that has dvc. Call `close` at the end."""

    python: Path
    env: dict[str, str]
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def stages(self, root: Path) -> list[dict[str, Any]] | str:
        """The stages of `root`, or what is wrong with them."""
        if self._process is None:
            command = [self.python, Path(__file__).with_name("declared.py")]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=self.env
            )
        assert self._process.stdin and self._process.stdout
        print(json.dumps(str(root)), file=self._process.stdin, flush=True)
        answer: list[dict[str, Any]] | str = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None
