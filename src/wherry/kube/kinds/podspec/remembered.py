"""What has been looked at is not looked at again: a template comes again with every change of its workload, and a
container with every pod that is made of it."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec

from wherry.kube.machinery.model import Object

P = ParamSpec("P")
T = TypeVar("T")
_REMEMBERED = 512
_MAX_BYTES = 4096
"""Larger ones are not remembered: what is is bounded in bytes, too."""
_MAX_FINDINGS = 8
_encode = msgspec.json.Encoder(enc_hook=str).encode  # a path is a text to nobody but msgspec


def remembered(look: Callable[Concatenate[Object, P], list[T]]) -> Callable[Concatenate[Object, P], list[T]]:
    """Remember what ``look`` finds in an object, if that is not much.

    It must be a pure function of its arguments, which are values that JSON tells apart: an object, what it stands
    among, and where.
    """
    cells = functools.lru_cache(maxsize=_REMEMBERED)(_nothing_yet)

    def looked(obj: Object, /, *about: P.args, **named: P.kwargs) -> list[T]:
        text = _encode((obj, about, named))
        if len(text) > _MAX_BYTES:
            return look(obj, *about, **named)
        cell: list[tuple[T, ...]] = cells(text)
        if cell:
            return list(cell[0])
        found = look(obj, *about, **named)
        if len(found) <= _MAX_FINDINGS:
            cell.append(tuple(found))
        return found

    return looked


def _nothing_yet(text: bytes) -> list[Any]:
    """A cell to put in what is found."""
    return []
