"""Building images: ``/build`` as Docker's classic builder answers it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint

if TYPE_CHECKING:
    from wherry.dockerapi.building import BuildEngine


class BuildEndpoints:
    """``engine`` gives the builder, which is loaded when the first build comes."""

    def __init__(self, engine: "Callable[[], BuildEngine]") -> None:
        self._engine = engine

    @endpoint("POST /build")
    async def build(self, call: Call) -> web.StreamResponse:
        from wherry.dockerapi.building import build

        return await build(self._engine(), call)

    @endpoint("POST /wherry/build")
    async def build_fully(self, call: Call) -> web.StreamResponse:
        from wherry.dockerapi.buildrequest import build

        return await build(self._engine(), call)

    @endpoint("POST /build/prune")
    async def prune(self, call: Call) -> web.StreamResponse:
        from wherry.dockerapi.building import prune

        return await prune(self._engine(), call)
