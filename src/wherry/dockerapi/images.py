"""Images: list, inspect, tag, remove, and their way in and out as archives."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiohttp import web

from wherry.dockerapi import imageviews
from wherry.dockerapi.call import Call
from wherry.dockerapi.credentials import AUTH, from_header
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.platforms import check, platforms_of
from wherry.dockerapi.progress import send_progress
from wherry.dockerapi.services import ImageEngine, ImageUsers, RegistryClient
from wherry.http.streams import closing
from wherry.kit.errors import Forbidden, Invalid, Unauthenticated, Unsupported
from wherry.oci.reference import Reference

LIST_FILTERS = frozenset(("before", "dangling", "label", "label!", "reference", "since", "until"))
PRUNE_FILTERS = frozenset(("dangling", "label", "label!", "until"))
TAR = "application/x-tar"


class ImageEndpoints:
    """``/images``."""

    def __init__(self, images: ImageEngine, registries: RegistryClient, users: ImageUsers) -> None:
        self._images = images
        self._registries = registries
        self._users = users

    @endpoint("GET /images/json")
    async def list(self, call: Call) -> web.StreamResponse:
        images = self._images.list(call.filters(LIST_FILTERS), everything=call.query.flag("all"))
        return call.json([imageviews.summary(image, call.version) for image in images])

    @endpoint("GET /images/{name...}/json")
    async def inspect(self, call: Call) -> web.StreamResponse:
        check(self._images, [call.name], call.query)
        return call.json(imageviews.inspect(self._images.get(call.name), call.version))

    @endpoint("GET /images/{name...}/history")
    async def history(self, call: Call) -> web.StreamResponse:
        check(self._images, [call.name], call.query)
        return call.json([imageviews.history(entry) for entry in self._images.history(call.name)])

    @endpoint("POST /images/{name...}/tag")
    async def tag(self, call: Call) -> web.StreamResponse:
        self._images.tag(call.name, call.query.text("repo"), call.query.text("tag"))
        return call.done(201)

    @endpoint("DELETE /images/{name...}")
    async def remove(self, call: Call) -> web.StreamResponse:
        check(self._images, [call.name], call.query, "platforms")
        removed = self._images.remove(
            call.name,
            force=call.query.flag("force"),
            prune=not call.query.flag("noprune"),
            in_use=self._users.image_users,
        )
        return call.json(removed)

    @endpoint("POST /images/prune")
    async def prune(self, call: Call) -> web.StreamResponse:
        pruned = self._images.prune(call.filters(PRUNE_FILTERS), in_use=self._users.image_users)
        return call.json({"ImagesDeleted": pruned.deleted, "SpaceReclaimed": pruned.bytes})

    @endpoint("POST /images/create")
    async def create(self, call: Call) -> web.StreamResponse:
        query = call.query
        if query.text("fromImage"):
            return await self._pull(call)
        source = query.text("fromSrc")
        if source != "-":
            raise Unsupported(
                f"importing from {source or 'nowhere'} is not available in this version of Wherry: "
                "send the archive with the request (docker import -)"
            )
        return await send_progress(call, self._import(call))

    async def _pull(self, call: Call) -> web.StreamResponse:
        credentials = from_header(call.request.headers.get(AUTH))
        reference = Reference.build(call.query.text("fromImage"), call.query.text("tag"))
        try:
            return await send_progress(call, self._registries.pull(reference, call.query.text("platform"), credentials))
        except Unauthenticated as error:
            # The registry's 401, not ours: at ours the docker CLI would ask for a name and a password on the spot.
            raise Forbidden(error.message) from error

    async def _import(self, call: Call) -> AsyncIterator[dict[str, Any]]:
        query = call.query
        image = await self._images.import_(
            call.chunks(),
            query.text("repo"),
            query.text("tag"),
            query.texts("changes"),
            query.text("message"),
            query.text("platform"),
        )
        yield {"status": image.id}

    @endpoint("POST /images/load")
    async def load(self, call: Call) -> web.StreamResponse:
        wanted = platforms_of(call.query)
        messages = self._images.load(call.chunks(), str(wanted[0]) if wanted else "")
        # Quiet, the answer begins when an image is there: skopeo waits for no more than its beginning, and goes.
        return await send_progress(call, _results(messages) if call.query.flag("quiet", default=True) else messages)

    @endpoint("GET /images/get")
    async def save_many(self, call: Call) -> web.StreamResponse:
        names = call.query.texts("names")
        if not names:
            raise Invalid("names: at least one image must be named")
        return await self._save(call, names)

    @endpoint("GET /images/{name...}/get")
    async def save_one(self, call: Call) -> web.StreamResponse:
        return await self._save(call, [call.name])

    async def _save(self, call: Call, names: Sequence[str]) -> web.StreamResponse:
        check(self._images, names, call.query)
        pieces = self._images.save(names)  # raises before the answer begins
        stream = await call.stream(TAR)
        return await stream.send_all(pieces)


async def _results(messages: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    """What came of it, without what was told on the way."""
    async with closing(messages):
        async for message in messages:
            if "stream" in message:
                yield message
