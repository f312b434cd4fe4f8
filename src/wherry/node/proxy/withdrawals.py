"""Pods that are about to end: they get no new connections, though the API does not tell yet."""

from collections.abc import Callable, Iterable

from wherry.node.proxy.endpoints import ANY

KEPT_SECONDS = 60.0
"""How long an address is remembered that no endpoint has: one may still come, late, from before."""


class Withdrawals:
    """By address, the uids of pods. ``view`` is what :mod:`.plan` asks for."""

    def __init__(self) -> None:
        self.view: dict[str, set[str]] = {}
        self._since: dict[str, float] = {}

    def add(self, addresses: Iterable[str], uid: str, now: float) -> None:
        """``uid`` empty: whatever pod has them."""
        for address in addresses:
            self.view.setdefault(address, set()).add(uid or ANY)
            self._since[address] = now

    def forget(self, addresses: Iterable[str]) -> None:
        """They belong to somebody else now."""
        for address in addresses:
            self.view.pop(address, None)
            self._since.pop(address, None)

    def prune(self, is_endpoint: Callable[[str], bool], now: float) -> None:
        """Forget old ones that no endpoint has."""
        old = [each for each, since in self._since.items() if now - since >= KEPT_SECONDS and not is_endpoint(each)]
        self.forget(old)
