"""Volumes."""

from typing import Any

import msgspec
from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.services import VolumeEngine
from wherry.kit.errors import Unsupported

LIST_FILTERS = frozenset(("dangling", "driver", "label", "name"))
PRUNE_FILTERS = frozenset(("all", "label", "label!"))


class VolumeCreate(msgspec.Struct):
    """The body of ``POST /volumes/create``."""

    Name: str = ""
    Driver: str = ""
    DriverOpts: dict[str, str] = {}
    Labels: dict[str, str] = {}
    ClusterVolumeSpec: dict[str, Any] | None = None


class VolumeEndpoints:
    """``/volumes``."""

    def __init__(self, volumes: VolumeEngine) -> None:
        self._volumes = volumes

    @endpoint("GET /volumes")
    async def list(self, call: Call) -> web.StreamResponse:
        volumes = self._volumes.list(call.filters(LIST_FILTERS))
        return call.json({"Volumes": [volume.document() for volume in volumes], "Warnings": None})

    @endpoint("POST /volumes/create")
    async def create(self, call: Call) -> web.StreamResponse:
        body = await call.body(VolumeCreate)
        if body.ClusterVolumeSpec is not None:
            raise Unsupported("cluster volumes are not available in this version of Wherry")
        volume = self._volumes.create(body.Name, body.Driver, body.Labels, body.DriverOpts)
        return call.json(volume.document(), status=201)

    @endpoint("GET /volumes/{name}")
    async def inspect(self, call: Call) -> web.StreamResponse:
        return call.json(self._volumes.get(call.name).document())

    @endpoint("DELETE /volumes/{name}")
    async def remove(self, call: Call) -> web.StreamResponse:
        self._volumes.remove(call.name, force=call.query.flag("force"))
        return call.done()

    @endpoint("POST /volumes/prune")
    async def prune(self, call: Call) -> web.StreamResponse:
        filters = call.filters(PRUNE_FILTERS)
        if call.version < 42:
            filters["all"] = ["true"]  # only anonymous ones unless asked otherwise since 1.42
        pruned = self._volumes.prune(filters)
        return call.json({"VolumesDeleted": [*pruned.ids], "SpaceReclaimed": pruned.bytes})
