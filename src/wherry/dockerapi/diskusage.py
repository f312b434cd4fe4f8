"""What takes how much disk."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from wherry.dockerapi import imageviews, views
from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.services import Services
from wherry.dockerapi.times import stamp
from wherry.engine.build.cache import Record
from wherry.kit.errors import Invalid

TYPES = ("container", "image", "volume", "build-cache")


class DiskUsageEndpoints:
    """``/system/df``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @endpoint("GET /system/df")
    async def usage(self, call: Call) -> web.StreamResponse:
        types = call.query.texts("type") or list(TYPES)
        for name in types:
            if name not in TYPES:
                raise Invalid(f"unknown object type: {name}")
        containers = self._services.containers.list(all=True, limit=0, size=True, filters={})
        document: dict[str, Any] = {}
        if call.version < 42:
            document["BuilderSize"] = sum(record.layer.unpacked_bytes for record in self._services.builds.usage())
        if "image" in types:
            document |= self._images(containers, call.version)
        if "container" in types:
            document["Containers"] = [views.container_summary(entry, call.version) for entry in containers]
        if "volume" in types:
            document["Volumes"] = [volume.document() for volume in self._services.volumes.list({}, usage=True)]
        if "build-cache" in types:
            document["BuildCache"] = self._steps(call.version)
        return call.json(document)

    def _images(self, containers: Sequence[dict[str, Any]], version: int) -> dict[str, Any]:
        images = self._services.images.list({})
        users = [entry["ImageID"] for entry in containers]
        shared = self._services.images.shared_bytes()
        return {
            "LayersSize": self._services.images.layers_size(),
            "Images": [
                {
                    **imageviews.summary(image, version),
                    "SharedSize": shared.get(image.id, 0),
                    "Containers": users.count(image.id),
                }
                for image in images
            ],
        }

    def _steps(self, version: int) -> list[dict[str, Any]]:
        """What images have too is shared: pruning the cache does not free it."""
        shared = self._services.images.owns_snapshot
        return [_cached(record, shared(record.layer.chain_id), version) for record in self._services.builds.usage()]


def _cached(record: Record, is_shared: bool, version: int) -> dict[str, Any]:
    document = {
        "ID": record.key[:25],
        "Type": "regular",
        "Description": record.description,
        "InUse": False,
        "Shared": is_shared,
        "Size": record.layer.unpacked_bytes,
        "CreatedAt": stamp(record.created),
        "LastUsedAt": stamp(record.used),
        "UsageCount": record.uses,
    }
    return document | ({"Parent": ""} if version < 42 else {"Parents": None})
