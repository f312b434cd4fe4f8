"""What one frontend puts into the sets and maps: pure. The chains that read them are in :mod:`.chains`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wherry.node.proxy import slots
from wherry.node.proxy.model import Entry, Target


class Element(NamedTuple):
    """``value`` is empty in a set."""

    set: str
    key: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Arranged:
    """An entry with its endpoints in order."""

    entry: Entry
    targets: tuple[Target, ...] = ()
    outside: tuple[Target, ...] = ()


class Shape(NamedTuple):
    """A rule that chains need because of a frontend. ``seconds`` 0: no affinity."""

    plane: str
    size: int
    is_outside: bool
    seconds: int


def shapes(arranged: Arranged) -> Iterator[Shape]:
    entry = arranged.entry
    for targets, is_outside in ((arranged.targets, False), (arranged.outside, True)):
        if targets:
            plane = entry.frontend.plane.value
            yield Shape(plane, slots.size_of(len(targets)), is_outside, entry.affinity_seconds)


def elements(arranged: Arranged) -> Iterator[Element]:
    """All of them, each once."""
    entry = arranged.entry
    plane, key, address = entry.frontend.plane.value, entry.frontend.key, entry.frontend.address
    yield Element(f"{plane}-{_state(entry)}", key)
    if entry.outside is not None and entry.targets:
        yield Element(f"{plane}-{'here' if entry.outside else 'away'}", key)
    if entry.targets and not entry.is_cluster and entry.outside is None:
        yield Element(f"{plane}-hidden-{entry.frontend.protocol}", entry.frontend.place)
    family = "6" if entry.frontend.plane.is_ipv6 else "4"
    if address:
        yield Element(f"{'cluster' if entry.is_cluster else 'external'}{family}", address)
    else:
        yield Element("node-ports", key.rpartition(" ")[2])
    if entry.sources:
        yield Element(f"{plane}-limited", key)
        for network in entry.sources:
            yield Element(f"{plane}-allowed", f"{key} . {network}")
    yield from _endpoints(arranged, arranged.targets, is_outside=False)
    yield from _endpoints(arranged, arranged.outside, is_outside=True)
    if entry.affinity_seconds and entry.targets:
        yield from _members(arranged)


def _state(entry: Entry) -> str:
    if entry.targets:
        return "inside" if entry.is_cluster else "everywhere"
    return "dropped" if entry.elsewhere else "refused"


def _endpoints(arranged: Arranged, targets: Sequence[Target], *, is_outside: bool) -> Iterator[Element]:
    entry = arranged.entry
    plane, key = entry.frontend.plane.value, entry.frontend.key
    size = slots.size_of(len(targets))
    known = _numbers(arranged) if entry.affinity_seconds else {}
    for index, target in enumerate(targets):
        place = f"{key} . {slots.slot(size, index, is_outside)}"
        if known:
            yield Element(f"{plane}-choices", place, f"0x{known[target]:x}")
        else:
            yield Element(f"{plane}-endpoints", place, _text(target))


def _members(arranged: Arranged) -> Iterator[Element]:
    entry = arranged.entry
    plane, key = entry.frontend.plane.value, entry.frontend.key
    yield Element(f"{plane}-sticky-{entry.affinity_seconds}", key)
    for target, number in _numbers(arranged).items():
        yield Element(f"{plane}-members", f"{key} . 0x{number:x}", _text(target))


def _numbers(arranged: Arranged) -> dict[Target, int]:
    return slots.numbers({*arranged.targets, *arranged.outside})


def _text(target: Target) -> str:
    return f"{target.address} . {target.port}"
