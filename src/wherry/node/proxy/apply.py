"""The effects of the proxy on the kernel."""

from collections.abc import Callable
from typing import Protocol

from wherry.linux.conntrack import Conntrack, Flow
from wherry.linux.nftables import Nftables
from wherry.linux.rulechanges import Generations
from wherry.node.proxy import script
from wherry.node.proxy.model import Change, Ruleset


class Rules(Protocol):
    """What the proxy asks of the kernel. Each call is all or nothing, blocks, and may raise KernelError. For one thread
    at a time."""

    def replace(self, ruleset: Ruleset) -> range:
        """Make the tables exactly this, in one transaction. The generations it may have: more than one when somebody
        else's came between."""

    def change(self, change: Change) -> range:
        """In one transaction; as above. Raises KernelError when the tables are not what they were left as."""

    def remove(self) -> None:
        """Idempotent."""

    def forget_flows(self, is_stale: Callable[[Flow], bool]) -> int:
        """Forget UDP connections; how many."""

    def close(self) -> None: ...


class KernelRules:
    """The machine's own, of the network namespace in which it was made. Its methods must be called there as well."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._nftables = Nftables()
        self._generations = Generations()
        self._conntrack = Conntrack()

    def close(self) -> None:
        self._nftables.close()
        self._generations.close()
        self._conntrack.close()

    def replace(self, ruleset: Ruleset) -> range:
        return self._run(script.whole(self._table, ruleset), "set rules of services")

    def change(self, change: Change) -> range:
        return self._run(script.changed(self._table, change), "change rules of services")

    def remove(self) -> None:
        self._run(script.removal(self._table), "remove rules of services")

    def forget_flows(self, is_stale: Callable[[Flow], bool]) -> int:
        stale = [flow for flow in self._conntrack.flows() if is_stale(flow)]
        for flow in stale:
            self._conntrack.forget(flow)
        return len(stale)

    def _run(self, text: str, step: str) -> range:
        before = self._generations.last()
        self._nftables.run(text, step=step)
        return range(before + 1, self._generations.last() + 1)


class FakeRules:
    """In memory, as strict as the kernel: for tests of what stands above. ``refuse`` fails the next calls."""

    def __init__(self) -> None:
        self.current: Ruleset | None = None
        self.generation = 0
        self.flows: list[Flow] = []
        self.forgotten: list[Flow] = []
        self.calls: list[str] = []
        self.refuse = 0

    def close(self) -> None:
        self.calls.append("close")

    def replace(self, ruleset: Ruleset) -> range:
        self._call("replace")
        self.current = ruleset
        return self._done()

    def change(self, change: Change) -> range:
        self._call("change")
        if self.current is None:
            raise KernelRefusal("change rules of services")
        self.current = changed(self.current, change)
        return self._done()

    def remove(self) -> None:
        self._call("remove")
        self.current = None
        self._done()

    def forget_flows(self, is_stale: Callable[[Flow], bool]) -> int:
        stale = [flow for flow in self.flows if is_stale(flow)]
        self.flows = [flow for flow in self.flows if flow not in stale]
        self.forgotten += stale
        return len(stale)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.refuse:
            self.refuse -= 1
            raise KernelRefusal(name)

    def _done(self) -> range:
        self.generation += 1
        return range(self.generation, self.generation + 1)


class KernelRefusal(OSError):
    """What the fake refuses with; the kernel's own error is another OSError."""


def changed(ruleset: Ruleset, change: Change) -> Ruleset:
    """The ruleset behind a change; raises KernelRefusal where the kernel would refuse it."""
    sets, chains = {**ruleset.sets, **change.new_sets}, {**ruleset.chains, **change.set_chains}
    _must(not set(change.new_sets) & set(ruleset.sets), "a set is there already")
    elements = {name: dict(found) for name, found in ruleset.elements.items()}
    for name, keys in change.delete.items():
        _must(all(key in elements.get(name, {}) for key in keys), f"an element of {name} is not there")
        elements[name] = {key: value for key, value in elements[name].items() if key not in keys}
    for name, keys in change.add.items():
        _must(name in sets, f"there is no set {name}")
        _must(not any(key in elements.get(name, {}) for key in keys), f"an element of {name} is there already")
        elements.setdefault(name, {}).update(keys)
    for name in change.old_chains:
        del chains[name]
    for name in change.old_sets:
        del sets[name]
        elements.pop(name, None)
    return Ruleset(sets, chains, {name: found for name, found in elements.items() if found})


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise KernelRefusal(what)
