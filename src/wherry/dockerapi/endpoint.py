"""Marks the methods that answer a path of the API."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from aiohttp import web

from wherry.dockerapi.call import Call

Answer = Callable[[Call], Awaitable[web.StreamResponse]]
M = TypeVar("M", bound=Callable[[Any, Call], Awaitable[web.StreamResponse]])

_MARK = "__docker_operations__"


def endpoint(operation: str) -> Callable[[M], M]:
    """The method answers ``operation`` (``"GET /containers/{id}/json"``); may be given several times."""
    method, template = operation.split(" ")

    def mark(function: M) -> M:
        setattr(function, _MARK, [*getattr(function, _MARK, []), (method, template)])
        return function

    return mark


def endpoints_of(resource: object) -> Iterator[tuple[str, str, Answer]]:
    """Method, template and bound function of every endpoint of a resource."""
    for name in dir(type(resource)):
        for method, template in getattr(getattr(type(resource), name), _MARK, ()):
            yield method, template, getattr(resource, name)
