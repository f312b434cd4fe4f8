"""The order of merged lists: what a patch orders, among what it does not speak of.

The rule of k8s.io/apimachinery ``pkg/util/strategicpatch``: the elements of the patch keep the patch's order, all
others keep the live list's, and the two are interleaved as they were in the live list where that says anything; what
is new comes first.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from wherry.kube.machinery.patches.gotext import go_type, shown
from wherry.kube.machinery.status import StatusError, bad_request


def scalar_key(value: Any) -> Any:
    """A scalar as a key of a dict: in Python 1, 1.0 and True are one key."""
    return value if isinstance(value, str) else (type(value), value)


class Key(msgspec.Struct, frozen=True):
    """What identifies an element: the value of a field, or (``name`` empty) the element itself."""

    name: str

    def of(self, element: Any) -> Any:
        """Raises StatusError 400 when there is none."""
        if not self.name:
            if isinstance(element, dict | list):
                raise bad_request("cannot merge lists without merge key for type struct")
            return scalar_key(element)
        if not isinstance(element, dict):
            raise bad_request(f"expected a map[string]interface {{}}, but received a {go_type(element)}")
        if self.name not in element:
            raise bad_request(f"map: {shown(element)} does not contain declared merge key: {self.name}")
        return self._checked(element)

    def maybe(self, element: Any) -> Any:
        """The same of an object; None when it has none."""
        return self._checked(element) if isinstance(element, dict) and self.name in element else None

    def _checked(self, element: dict[str, Any]) -> Any:
        value = element[self.name]
        if isinstance(value, dict | list):
            raise bad_request(f"merge key {self.name} must be a scalar, not {go_type(value)}")
        return scalar_key(value)


class Elements(msgspec.Struct, frozen=True):
    """A list and what identifies its elements."""

    values: Sequence[Any]
    by: Key

    def places(self) -> dict[Any, int]:
        """By key; the first of several. Raises StatusError 400 when an element has no key."""
        found: dict[Any, int] = {}
        for place, element in enumerate(self.values):
            found.setdefault(self.by.of(element), place)
        return found


def arranged(merged: Elements, order: Elements, live: Elements) -> list[Any]:
    """The merged elements, those of ``order`` in its order, the others in that of ``live``. Raises StatusError 400."""
    wanted, lived = order.places(), live.places()
    mine: list[tuple[int, Any, Any]] = []
    others: list[tuple[int, Any, Any]] = []
    for element in merged.values:
        key = merged.by.of(element)
        if key in wanted:
            mine.append((wanted[key], key, element))
        else:
            others.append((lived.get(key, len(lived)), key, element))
    mine.sort(key=_place)
    others.sort(key=_place)
    return list(_interleaved(others, mine, lived))


def _place(entry: tuple[int, Any, Any]) -> int:
    return entry[0]


def _interleaved(
    others: list[tuple[int, Any, Any]], mine: list[tuple[int, Any, Any]], lived: dict[Any, int]
) -> Iterator[Any]:
    """An element of ``others`` goes before one of ``mine`` that came later in the live list, and else after it."""
    left, right = 0, 0
    while left < len(others) and right < len(mine):
        ours, theirs = lived.get(mine[right][1]), lived.get(others[left][1])
        if ours is not None and theirs is not None and theirs < ours:
            yield others[left][2]
            left += 1
        else:
            yield mine[right][2]
            right += 1
    for _, _, element in others[left:] or mine[right:]:
        yield element


def check(patch: Sequence[Any], order: Sequence[Any], by: Key, directive: str) -> None:
    """The elements of a patch must come in the order that it sets. Raises StatusError 400."""
    if not patch or not order:
        return
    wanted = iter([by.of(element) for element in order])
    for element in patch:
        if isinstance(element, dict) and directive in element:
            continue
        key = by.of(element)
        if not any(key == each for each in wanted):
            raise bad_request(
                f"The order in patch list:\n{shown(list(patch))}\n doesn't match $setElementOrder list:\n"
                f"{shown(list(order))}\n"
            )


def element_type(*lists: Sequence[Any]) -> type:
    """Of all elements. Raises StatusError 400 when they differ, 422 for lists in the lists."""
    kinds = {type(element) for each in lists for element in each}
    if list in kinds:
        why = "lists of lists are not supported"
        message = "the server rejected our request due to an error in our request"
        raise StatusError(422, "Invalid", message, {"causes": [{"message": why, "field": "patch"}]})
    if len(kinds) != 1:
        raise bad_request(f"list element types are not identical: {shown([list(each) for each in lists])}")
    return kinds.pop()


def unique(values: Sequence[Any]) -> list[Any]:
    """Scalars, each once, where it first is."""
    return list({scalar_key(each): each for each in values}.values())
