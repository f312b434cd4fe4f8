"""Registries: push, log in, look at what they have, search."""

from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.credentials import AUTH, AuthConfig, from_header
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.platforms import Images, check
from wherry.dockerapi.progress import send_progress
from wherry.dockerapi.services import RegistryClient
from wherry.kit.errors import Invalid
from wherry.oci.reference import Reference

SEARCH_FILTERS = frozenset({"is-automated", "is-official", "stars"})


class RegistryEndpoints:
    """``/images/{name}/push``, ``/auth``, ``/distribution``, ``/images/search``."""

    def __init__(self, registries: RegistryClient, images: Images) -> None:
        self._registries = registries
        self._images = images

    @endpoint("POST /images/{name...}/push")
    async def push(self, call: Call) -> web.StreamResponse:
        credentials = from_header(call.request.headers.get(AUTH))
        reference = Reference.build(call.name, call.query.text("tag"))
        check(self._images, [str(reference)], call.query)
        return await send_progress(call, self._registries.push(reference, credentials))

    @endpoint("POST /auth")
    async def log_in(self, call: Call) -> web.StreamResponse:
        config = await call.body(AuthConfig)
        login = await self._registries.login(config.server_address, config.credentials())
        return call.json({"Status": login.status, "IdentityToken": login.identity_token})

    @endpoint("GET /distribution/{name...}/json")
    async def inspect(self, call: Call) -> web.StreamResponse:
        credentials = from_header(call.request.headers.get(AUTH))
        found = await self._registries.inspect(Reference.parse(call.name).tagged(), credentials)
        return call.json(
            {"Descriptor": found.descriptor, "Platforms": [platform.wire() for platform in found.platforms]}
        )

    @endpoint("GET /images/search")
    async def search(self, call: Call) -> web.StreamResponse:
        limit = call.query.number("limit", 0) or 0
        term = call.query.text("term")
        if not term:
            raise Invalid("term: what to look for must be named")
        found = await self._registries.search(term, limit, call.filters(SEARCH_FILTERS))
        return call.json(
            [
                {
                    "star_count": one.stars,
                    "is_official": one.is_official,
                    "name": one.name,
                    "is_automated": one.is_automated,
                    "description": one.description,
                }
                for one in found
            ]
        )
