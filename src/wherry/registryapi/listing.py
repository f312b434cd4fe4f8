"""Lists: tags, repositories, referrers. Long ones come in pages."""

from typing import Any

import msgspec
from aiohttp import web

from wherry.engine.registry.manifests import Manifests
from wherry.engine.registry.model import Referrer
from wherry.oci import mediatypes
from wherry.registryapi.call import Call, location, next_link

CATALOG_DEFAULT, CATALOG_LIMIT = 100, 1000
"""docker-registry's ``catalog.maxentries`` is the limit (CVE-2023-2253)."""

TAGS_LIMIT = 10_000
"""Of 128 characters each: 1.3 MB."""

REFERRERS_LIMIT = 100
"""An annotation may be as long as a manifest: few a page, so that no answer passes what clients read of an index."""


class ListEndpoints:
    """``/v2/_catalog``, ``/v2/<name>/tags/list``, ``/v2/<name>/referrers/<digest>``."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests

    async def catalog(self, call: Call) -> web.StreamResponse:
        """GET (docker's specification, "Listing Repositories")."""
        count = call.count(CATALOG_DEFAULT, CATALOG_LIMIT)
        names = self._manifests.repositories(call.parameter("last"), count + 1)
        response = _json({"repositories": names[:count]})
        if count and len(names) > count:
            response.headers["Link"] = next_link("/v2/_catalog", count, names[count - 1])
        return response

    async def tags(self, call: Call) -> web.StreamResponse:
        """GET ("Listing Tags")."""
        count = call.count(TAGS_LIMIT, TAGS_LIMIT)
        tags = self._manifests.tags(call.name, call.parameter("last"), count + 1)
        response = _json({"name": call.name, "tags": tags[:count]})
        if count and len(tags) > count:
            response.headers["Link"] = next_link(location(call.name, "tags", "list"), count, tags[count - 1])
        return response

    async def referrers(self, call: Call) -> web.StreamResponse:
        """GET ("Listing Referrers")."""
        wanted = call.parameter("artifactType")
        count = call.count(REFERRERS_LIMIT, REFERRERS_LIMIT)
        found = self._manifests.referrers(call.name, call.digest, wanted, call.parameter("last"), count + 1)
        document = {
            "schemaVersion": 2,
            "mediaType": mediatypes.OCI_INDEX,
            "manifests": [_descriptor(one) for one in found[:count]],
        }
        response = _json(document, mediatypes.OCI_INDEX)
        if wanted:
            response.headers["OCI-Filters-Applied"] = "artifactType"
        if count and len(found) > count:
            path = location(call.name, "referrers", call.reference)
            more = {"artifactType": wanted} if wanted else {}
            response.headers["Link"] = next_link(path, count, found[count - 1].digest, **more)
        return response


def _descriptor(referrer: Referrer) -> dict[str, Any]:
    return {
        "mediaType": referrer.media_type,
        "digest": referrer.digest,
        "size": referrer.size_bytes,
        **({"artifactType": referrer.artifact_type} if referrer.artifact_type else {}),
        **({"annotations": dict(referrer.annotations)} if referrer.annotations else {}),
    }


def _json(document: dict[str, Any], media_type: str = "application/json") -> web.Response:
    return web.Response(body=msgspec.json.encode(document), headers={"Content-Type": media_type})
