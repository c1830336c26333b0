"""Which stage comes next: each after what it needs, otherwise the first in order."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence


class Queue:
    """The `addresses`, in order; `needs` are the addresses that each one waits for. Linear in the stages and edges."""

    def __init__(self, addresses: Sequence[str], needs: Mapping[str, Sequence[str]]) -> None:
        self._addresses = addresses
        self._place = {address: place for place, address in enumerate(addresses)}
        self._unmet = {address: len(needs[address]) for address in addresses}
        self._above: dict[str, list[str]] = {address: [] for address in addresses}
        for address in addresses:
            for need in needs[address]:
                self._above[need].append(address)
        self._ready = [place for place, address in enumerate(addresses) if not needs[address]]
        self._taken: set[str] = set()
        self._done: set[str] = set()

    def next(self) -> str | None:
        """The first that may start, which is then taken; None while there is none."""
        if not self._ready:
            return None
        address = self._addresses[heapq.heappop(self._ready)]
        self._taken.add(address)
        return address

    def done(self, address: str) -> None:
        """`address` has what others waited for."""
        self._done.add(address)
        for other in self._above[address]:
            self._unmet[other] -= 1
            if not self._unmet[other]:
                heapq.heappush(self._ready, self._place[other])

    def again(self, address: str, needs: Sequence[str]) -> None:
        """`address`, which was taken, comes once more: after `needs`, on which nothing may wait for it."""
        self._taken.discard(address)
        unmet = [need for need in needs if need not in self._done]
        for need in unmet:
            self._above[need].append(address)
        self._unmet[address] = len(unmet)
        if not unmet:
            heapq.heappush(self._ready, self._place[address])

    def left(self) -> list[str]:
        """Those never taken, in order."""
        return [address for address in self._addresses if address not in self._taken]
