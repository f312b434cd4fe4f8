"""Operations of the API that this version does not have: each answers 501 and says so by name."""

from collections.abc import Iterator

from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import Answer
from wherry.kit.errors import Unavailable, Unsupported

OPERATIONS: dict[str, tuple[str, ...]] = {
    "checkpoints": (
        "GET /containers/{id}/checkpoints",
        "POST /containers/{id}/checkpoints",
        "DELETE /containers/{id}/checkpoints/{checkpoint}",
    ),
    "building images by a session": ("POST /session", "POST /grpc"),
    "attestations of images": ("GET /images/{name...}/attestations",),
    "updating cluster volumes": ("PUT /volumes/{name}",),
    "plugins": (
        "GET /plugins/privileges",
        "POST /plugins/pull",
        "POST /plugins/create",
        "DELETE /plugins/{name...}",
        "POST /plugins/{name...}/enable",
        "POST /plugins/{name...}/disable",
        "POST /plugins/{name...}/upgrade",
        "POST /plugins/{name...}/push",
        "POST /plugins/{name...}/set",
    ),
    "swarm mode": (
        "GET /swarm",
        "POST /swarm/init",
        "POST /swarm/join",
        "POST /swarm/leave",
        "POST /swarm/update",
        "GET /swarm/unlockkey",
        "POST /swarm/unlock",
        "GET /nodes",
        "GET /nodes/{id}",
        "DELETE /nodes/{id}",
        "POST /nodes/{id}/update",
        "GET /services",
        "POST /services/create",
        "GET /services/{id}",
        "DELETE /services/{id}",
        "POST /services/{id}/update",
        "GET /services/{id}/logs",
        "GET /tasks",
        "GET /tasks/{id}",
        "GET /tasks/{id}/logs",
        "GET /secrets",
        "POST /secrets/create",
        "GET /secrets/{id}",
        "DELETE /secrets/{id}",
        "POST /secrets/{id}/update",
        "GET /configs",
        "POST /configs/create",
        "GET /configs/{id}",
        "DELETE /configs/{id}",
        "POST /configs/{id}/update",
    ),
}


def unavailable() -> Iterator[tuple[str, str, Answer]]:
    """Method, template and answer of every operation that is refused."""
    for what, operations in OPERATIONS.items():
        for operation in operations:
            method, template = operation.split(" ")
            yield method, template, _refusal(operation.replace("...", ""), what)


_LEAVE = "POST /swarm/leave"


def _refusal(operation: str, what: str) -> Answer:
    async def refuse(call: Call) -> web.StreamResponse:
        if operation == _LEAVE:  # which is so, and clients that clean up after themselves take it for done
            raise Unavailable("This node is not part of a swarm")
        raise Unsupported(f"{operation} is not available in this version of Wherry ({what})")

    return refuse
