"""Containers: list, create, inspect, and every change of their state."""

from typing import Any

from aiohttp import web

from wherry.dockerapi import views
from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.services import ContainerEngine
from wherry.engine.containers.model import Config, HostConfig, NetworkingConfig, UpdateConfig
from wherry.kit.errors import Invalid, NotFound

LIST_FILTERS = frozenset(
    (
        "ancestor", "before", "expose", "exited", "health", "id", "isolation", "is-task", "label", "name", "network",
        "publish", "since", "status", "volume",
    )
)  # fmt: skip
PRUNE_FILTERS = frozenset(("label", "label!", "until"))
CONDITIONS = frozenset(("not-running", "next-exit", "removed"))
MISSING_IMAGE = "No such image"


class ContainerEndpoints:
    """``/containers``, without streams (see :mod:`.attach`, :mod:`.logs`) and exec."""

    def __init__(self, containers: ContainerEngine) -> None:
        self._containers = containers

    @endpoint("GET /containers/json")
    async def list(self, call: Call) -> web.StreamResponse:
        query = call.query
        summaries = self._containers.list(
            all=query.flag("all"),
            limit=max(query.number("limit") or 0, 0),  # docker-py asks for all with -1
            size=query.flag("size"),
            filters=call.filters(LIST_FILTERS),
        )
        return call.json([views.container_summary(summary, call.version) for summary in summaries])

    @endpoint("POST /containers/create")
    async def create(self, call: Call) -> web.StreamResponse:
        document = await call.document()
        if not document:
            raise Invalid("config cannot be empty in order to create a container")
        config = call.convert(document, Config)
        host = call.convert(_part(document, "HostConfig"), HostConfig)
        networking = call.convert(_part(document, "NetworkingConfig"), NetworkingConfig)
        try:
            created = await self._containers.create(
                call.query.text("name") or None, config, host, networking, call.query.text("platform") or None
            )
        except NotFound as error:
            # The docker CLI takes any 404 here for a missing image and pulls (docker/cli:container/create.go).
            if error.message.startswith(MISSING_IMAGE):
                raise
            raise Invalid(error.message) from error
        return call.json({"Id": created.id, "Warnings": list(created.warnings)}, status=201)

    @endpoint("GET /containers/{id}/json")
    async def inspect(self, call: Call) -> web.StreamResponse:
        document = self._containers.inspect(call.id, call.query.flag("size"))
        return call.json(views.container(document, call.version))

    @endpoint("POST /containers/{id}/start")
    async def start(self, call: Call) -> web.StreamResponse:
        await self._containers.start(call.id, detach_keys=call.query.text("detachKeys") or None)
        return call.done()

    @endpoint("POST /containers/{id}/stop")
    async def stop(self, call: Call) -> web.StreamResponse:
        await self._containers.stop(call.id, call.query.number("t"), call.query.text("signal") or None)
        return call.done()

    @endpoint("POST /containers/{id}/restart")
    async def restart(self, call: Call) -> web.StreamResponse:
        await self._containers.restart(call.id, call.query.number("t"), call.query.text("signal") or None)
        return call.done()

    @endpoint("POST /containers/{id}/kill")
    async def kill(self, call: Call) -> web.StreamResponse:
        await self._containers.kill(call.id, call.query.text("signal") or "KILL")
        return call.done()

    @endpoint("POST /containers/{id}/pause")
    async def pause(self, call: Call) -> web.StreamResponse:
        await self._containers.pause(call.id)
        return call.done()

    @endpoint("POST /containers/{id}/unpause")
    async def unpause(self, call: Call) -> web.StreamResponse:
        await self._containers.unpause(call.id)
        return call.done()

    @endpoint("POST /containers/{id}/rename")
    async def rename(self, call: Call) -> web.StreamResponse:
        await self._containers.rename(call.id, call.query.text("name"))
        return call.done()

    @endpoint("POST /containers/{id}/resize")
    async def resize(self, call: Call) -> web.StreamResponse:
        height, width = call.query.required_number("h"), call.query.required_number("w")
        await self._containers.resize(call.id, height, width)
        return call.done(200)

    @endpoint("POST /containers/{id}/update")
    async def update(self, call: Call) -> web.StreamResponse:
        warnings = await self._containers.update(call.id, await call.body(UpdateConfig))
        return call.json({"Warnings": list(warnings)})

    @endpoint("POST /containers/{id}/wait")
    async def wait(self, call: Call) -> web.StreamResponse:
        condition = call.query.text("condition") or "not-running"
        if condition not in CONDITIONS:
            raise Invalid(f'invalid condition: "{condition}"')
        # Registered before the headers go out: the CLI sends /start as soon as it has them.
        waiting = self._containers.wait(call.id, condition)
        stream = await call.stream()
        with call.connection.cancelled_by_loss():
            result = await waiting
        await stream.send_json(_wait_result(result.status_code, result.error))
        return stream.response

    @endpoint("DELETE /containers/{id}")
    async def remove(self, call: Call) -> web.StreamResponse:
        query = call.query
        await self._containers.remove(
            call.id, force=query.flag("force"), volumes=query.flag("v"), link=query.flag("link")
        )
        return call.done()

    @endpoint("POST /containers/prune")
    async def prune(self, call: Call) -> web.StreamResponse:
        pruned = await self._containers.prune(call.filters(PRUNE_FILTERS))
        return call.json({"ContainersDeleted": list(pruned.ids), "SpaceReclaimed": pruned.bytes})

    @endpoint("GET /containers/{id}/top")
    async def top(self, call: Call) -> web.StreamResponse:
        return call.json(await self._containers.top(call.id, call.query.text("ps_args")))

    @endpoint("GET /containers/{id}/stats")
    async def stats(self, call: Call) -> web.StreamResponse:
        if not call.query.flag("stream", default=True):
            return call.json(await self._containers.stats(call.id, one_shot=call.query.flag("one-shot")))
        samples = self._containers.stats_stream(call.id)
        stream = await call.stream()
        with call.connection.cancelled_by_loss():
            async for sample in samples:
                await stream.send_json(sample)
        return stream.response


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A structure inside the create body; field names ignore case as in :mod:`wherry.http.body`."""
    parts = [value for key, value in document.items() if key.lower() == name.lower()]
    if len(parts) > 1:
        raise Invalid(f'invalid JSON: duplicate key "{name}" (field names ignore case)')
    part = parts[0] if parts else None
    if not isinstance(part, dict | None):
        raise Invalid(f"invalid JSON: {name} must be an object")
    return part or {}


def _wait_result(status_code: int, error: str) -> dict[str, Any]:
    if error:
        return {"StatusCode": status_code, "Error": {"Message": error}}
    return {"StatusCode": status_code}
