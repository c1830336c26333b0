"""Writes the .pt files beside it, with a real torch (2.13.0): `python make_torch.py`."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import torch

HERE = Path(__file__).parent


def state() -> OrderedDict[str, torch.Tensor]:
    weight = torch.linspace(-1, 1, 12, dtype=torch.float32).reshape(3, 4)
    return OrderedDict(
        [
            ("fc.weight", weight),
            ("fc.bias", torch.tensor([0.5, 0.25, 0.125], dtype=torch.float64)),
            ("half", torch.tensor([1.0, 2.0], dtype=torch.bfloat16)),
            ("turned", weight.t()),
            ("slice", weight[1:, 2]),
            ("steps", torch.tensor(7)),
        ]
    )


def moved() -> OrderedDict[str, torch.Tensor]:
    """`fc.weight[0, 1]` three floats further up; its views go with it."""
    changed = state()
    for _ in range(3):
        changed["fc.weight"][0, 1] = torch.nextafter(changed["fc.weight"][0, 1], torch.tensor(9.0))
    return changed


class Legacy(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(2, 1)


def main() -> None:
    torch.manual_seed(0)
    torch.save(state(), HERE / "state.pt")
    torch.save(moved(), HERE / "moved.pt")
    torch.save(OrderedDict(reversed(state().items())), HERE / "reordered.pt")
    torch.save(state(), HERE / "old.pt", _use_new_zipfile_serialization=False)
    torch.save(moved(), HERE / "old_moved.pt", _use_new_zipfile_serialization=False)
    checkpoint = {"epoch": 3, "model": state(), "optimizer": {"state": {0: {"step": torch.tensor(2.0)}}, "lr": 0.1}}
    torch.save(checkpoint, HERE / "checkpoint.pt")
    torch.save({**checkpoint, "epoch": 4}, HERE / "checkpoint_later.pt")
    torch.save(Legacy().fc, HERE / "module.pt")
    module = Legacy().fc
    torch.save(module, HERE / "module_other.pt")


main()
