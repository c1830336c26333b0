"""A filter of system calls for a sandbox: the kernel's keyrings, which no namespace separates, are refused."""

from __future__ import annotations

import platform
import struct

_KEYS = {"x86_64": (0xC000003E, (248, 249, 250)), "aarch64": (0xC00000B7, (217, 218, 219))}
"""The machine's own ABI, and the numbers of add_key, request_key and keyctl in it."""
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_OTHER_ABI = 0x40000000
"""Numbers from here on are those of x86-64's second ABI."""
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001


def filtering(machine: str = platform.machine()) -> bytes | None:
    """The filter as the kernel takes it: what is refused fails with EPERM. None for a machine that is not known."""
    if machine not in _KEYS:
        return None
    abi, numbers = _KEYS[machine]
    refuse = 4 + len(numbers) + 1
    steps = [(_LOAD, 0, 0, 4), (_EQUAL, 0, refuse - 2, abi), (_LOAD, 0, 0, 0), (_AT_LEAST, refuse - 4, 0, _OTHER_ABI)]
    steps += [(_EQUAL, refuse - at - 1, 0, number) for at, number in enumerate(numbers, start=4)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
