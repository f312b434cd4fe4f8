"""``POST /wherry/build``: builds with all that Docker's classic interface has no word for.

The body is one line of JSON, a :class:`BuildRequest`; then, unless ``context`` names a directory of this machine, the
context as a tar. The answer is lines of JSON: events of :mod:`wherry.engine.build.model` as ``{"event": "Output", …}``
with bytes as text, and at last ``{"result": {"image": …, "warnings": […]}}`` or ``{"error": {"message", "excerpt",
"command", "code"}}``. Docker's API stays as it is: this path is none of its.
"""

import base64
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from wherry.dockerapi.building import BuildEngine, keeps_git, network_of, send, tag_of
from wherry.dockerapi.call import Call
from wherry.dockerapi.credentials import CONFIG, from_config
from wherry.dockerapi.errors import message_of
from wherry.engine.build.model import BuildFailed, CachePlace, Event, Limits, Options, Source
from wherry.engine.images.progress import Message, Report, streamed
from wherry.kit.errors import Invalid, WherryError

_LINE_LIMIT_BYTES = 16 << 20


class BuildRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """``context``: a directory of this machine, absolute, or an address that the engine fetches; empty: a tar follows.
    ``dockerfile``: its text, or None for the file ``dockerfile_name`` of the context. Secrets are base64. The rest as
    in :class:`Options`."""

    context: str = ""
    has_context: bool = True
    dockerfile: str | None = None
    dockerfile_name: str = ""
    ignore: str | None = None
    tags: list[str] = []
    build_args: dict[str, str] = {}
    labels: dict[str, str] = {}
    target: str = ""
    platform: str = ""
    network: str = "default"
    extra_hosts: list[str] = []
    pull: bool = False
    no_cache: bool = False
    no_cache_filter: list[str] = []
    contexts: dict[str, str] = {}
    secrets: dict[str, str] = {}
    ssh: dict[str, str] = {}
    allow: list[str] = []
    limits: Limits = Limits()
    reproducible: bool = True
    squash: bool = False
    cache_from: list[CachePlace] = []
    cache_to: list[CachePlace] = []
    inline_cache: bool = False

    @property
    def is_remote(self) -> bool:
        """Whether the context is none of this machine's directories."""
        return bool(self.context) and not self.context.startswith("/")

    @property
    def is_passing(self) -> bool:
        """Whether the context's directory is there for this build alone."""
        return self.is_remote or not self.context

    def options(self) -> Options:
        """As the builder takes them. Invalid."""
        try:
            secrets = {name: base64.b64decode(text, validate=True) for name, text in self.secrets.items()}
        except ValueError as error:
            raise Invalid(f"secrets must be base64: {error}") from error
        for place in self.cache_to:
            if place.kind == "registry":
                tag_of(place.where)
        return Options(
            build_args=self.build_args,
            labels=self.labels,
            target=self.target,
            platform=self.platform,
            network=network_of(self.network),
            extra_hosts=self.extra_hosts,
            pull=self.pull,
            no_cache=self.no_cache,
            no_cache_filter=frozenset(self.no_cache_filter),
            contexts=self.contexts,
            secrets=secrets,
            ssh=self.ssh,
            allow=frozenset(self.allow),
            limits=self.limits,
            reproducible=self.reproducible,
            squash=self.squash,
            cache_from=self.cache_from,
            cache_to=self.cache_to,
            inline_cache=self.inline_cache,
        )


async def build(engine: BuildEngine, call: Call) -> web.StreamResponse:
    """Answer a request. What is wrong with it is a refusal; what goes wrong later is the last line."""
    chunks = call.chunks()
    request, rest = await _read_request(chunks)
    tags = [tag_of(text) for text in request.tags]
    options = replace(request.options(), credentials=from_config(call.request.headers.get(CONFIG)))

    async def run(report: Report) -> None:
        try:
            async with _directory(engine, request, rest) as directory:
                source = _source(engine, request, directory)
                built = await engine.build(source, options, tags, lambda event: report(encoded(event)))
        except BuildFailed as failure:
            detail = {"excerpt": failure.excerpt, "command": failure.command, "code": failure.code}
            report({"error": {"message": failure.message, **detail}})
        except (WherryError, OSError) as error:
            if isinstance(error, ConnectionError):
                raise
            report({"error": {"message": message_of(error)}})
        else:
            image = {"id": built.image.id, "manifest": built.image.manifest, "tags": [str(tag) for tag in tags]}
            report({"result": {**image, "warnings": list(built.warnings)}})

    return await send(call, streamed(run))


async def _read_request(chunks: AsyncIterator[bytes]) -> tuple[BuildRequest, AsyncIterator[bytes]]:
    """The first line, and the body behind it."""
    line = b""
    async for chunk in chunks:
        line += chunk
        if b"\n" in chunk:
            break
        if len(line) > _LINE_LIMIT_BYTES:
            raise Invalid(f"a build request has at most {_LINE_LIMIT_BYTES} bytes")
    line, _, begun = line.partition(b"\n")
    try:
        request = msgspec.json.decode(line, type=BuildRequest)
    except msgspec.DecodeError as error:
        raise Invalid(f"invalid build request: {error}") from error
    return request, _joined(begun, chunks)


async def _joined(begun: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if begun:
        yield begun
    async for chunk in chunks:
        yield chunk


def _directory(
    engine: BuildEngine, request: BuildRequest, rest: AsyncIterator[bytes]
) -> AbstractAsyncContextManager[Path | None]:
    if not request.has_context:
        return nullcontext(None)
    if not request.context:
        return engine.uploaded(rest)
    if request.is_remote:
        return engine.fetched(request.context, keeps_git(request.options()))
    path = Path(request.context)
    if not path.is_dir():
        raise Invalid(f"unable to prepare context: path {request.context!r} is not a directory of this machine")
    return nullcontext(path)


def _source(engine: BuildEngine, request: BuildRequest, directory: Path | None) -> Source:
    name = request.dockerfile_name
    if request.dockerfile is None:
        if directory is None:
            raise Invalid("a build needs a Dockerfile")
        return engine.source_of(directory, name, request.is_passing)
    ignore = request.ignore
    if ignore is None:
        ignore = engine.ignore_of(directory) if directory is not None else ""
    return Source(request.dockerfile, directory, name or "Dockerfile", ignore, request.is_passing)


def encoded(event: Event) -> Message:
    """An event as a line of JSON."""
    return {
        "event": type(event).__name__,
        **{field.name: _plain(getattr(event, field.name)) for field in fields(event)},
    }


def _plain(value: Any) -> Any:  # Any: whatever events hold
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
