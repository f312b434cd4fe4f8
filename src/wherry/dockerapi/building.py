"""A request to build, in the parameters of Docker's API, and its answer."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from aiohttp import web

from wherry.dockerapi.buildstream import ClassicStream
from wherry.dockerapi.call import Call
from wherry.dockerapi.credentials import CONFIG, from_config
from wherry.dockerapi.errors import message_of
from wherry.dockerapi.parameters import Query
from wherry.engine.build.builds import Built, Pruned
from wherry.engine.build.model import BuildFailed, CachePlace, Limits, Options, Source, Tell
from wherry.engine.images.images import parse_tag
from wherry.engine.images.progress import Message, Report, streamed
from wherry.http.streams import closing
from wherry.kit.errors import Invalid, Unsupported, WherryError
from wherry.oci.reference import Reference

PRUNE_FILTERS = frozenset(("until", "id", "parent", "type", "description", "inuse", "shared", "private"))


class BuildEngine(Protocol):
    """The builder."""

    def uploaded(self, chunks: AsyncIterator[bytes]) -> AbstractAsyncContextManager[Path]: ...
    def fetched(self, address: str, keep_git: bool) -> AbstractAsyncContextManager[Path]: ...
    def source_of(self, directory: Path, name: str, is_passing: bool) -> Source: ...
    def ignore_of(self, directory: Path) -> str: ...
    async def build(self, source: Source, options: Options, tags: Sequence[Reference], tell: Tell) -> Built: ...
    async def prune(self, everything: bool, keep_bytes: int, older_nanoseconds: int) -> Pruned: ...


async def build(engine: BuildEngine, call: Call) -> web.StreamResponse:
    """``POST /build``. What is wrong with the request is a refusal; what goes wrong later is a message."""
    query = call.query
    options, tags = options_of(query, call.request.headers.get(CONFIG)), tags_of(query)
    if query.text("outputs"):
        raise Unsupported("outputs other than an image are not available through this interface")

    async def run(report: Report) -> None:
        classic = ClassicStream(lambda message: report(dict(message)), query.flag("q"))
        try:
            async with _context(engine, query, options, call.chunks()) as directory:
                source = engine.source_of(directory, query.text("dockerfile"), True)
                built = await engine.build(source, options, tags, classic.tell)
        except BuildFailed as failure:
            classic.failed(failure.message, failure)
        except (WherryError, OSError) as error:
            if isinstance(error, ConnectionError):
                raise
            classic.failed(message_of(error))
        else:
            classic.finished(built.image.id, [tag.familiar() for tag in tags])

    return await send(call, streamed(run))


def _context(
    engine: BuildEngine, query: Query, options: Options, chunks: AsyncIterator[bytes]
) -> AbstractAsyncContextManager[Path]:
    """``remote``: an address in place of a body."""
    remote = query.text("remote")
    return engine.fetched(remote, keeps_git(options)) if remote else engine.uploaded(chunks)


def keeps_git(options: Options) -> bool:
    """What BuildKit's own argument says of a context that is a repository."""
    return options.build_args.get("BUILDKIT_CONTEXT_KEEP_GIT_DIR") in ("1", "true")


async def send(call: Call, messages: AsyncIterator[Message]) -> web.StreamResponse:
    """Send messages as they come; the build ends when the client goes."""
    stream = await call.stream()
    with call.connection.cancelled_by_loss():
        async with closing(messages):
            async for message in messages:
                await stream.send_json(message)
    return stream.response


def tags_of(query: Query) -> list[Reference]:
    """``t``, any number of times. Invalid."""
    return [tag_of(text) for text in query.texts("t") if text]


def tag_of(text: str) -> Reference:
    """A name for an image, with its tag. Invalid."""
    reference = Reference.parse(text)
    if reference.digest is not None:
        raise Invalid("refusing to create a tag with a digest reference")
    return parse_tag(reference.familiar_name, reference.tag or "latest")


def options_of(query: Query, credentials: str | None = None) -> Options:
    """Everything that Docker's parameters say of a build; ``credentials`` as in X-Registry-Config. Invalid."""
    arguments = _texts(query, "buildargs")
    return Options(
        build_args=arguments,
        labels=_texts(query, "labels"),
        target=query.text("target"),
        platform=query.text("platform"),
        network=network_of(query.text("networkmode")),
        extra_hosts=_hosts(query.texts("extrahosts")),
        pull=query.flag("pull"),
        no_cache=query.flag("nocache"),
        limits=_limits(query),
        squash=query.flag("squash"),
        credentials=from_config(credentials),
        cache_from=[CachePlace("registry", name) for name in _names(query.text("cachefrom"))],
        inline_cache=arguments.get("BUILDKIT_INLINE_CACHE") == "1",
    )


def _texts(query: Query, name: str) -> dict[str, str]:
    """An object of texts; null is as if it were not there."""
    text = query.text(name)
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Invalid(f"error reading build options: {name}: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(value is None or isinstance(value, str) for value in found.values()):
        raise Invalid(f"error reading build options: {name}: expected an object of texts")
    return {key: value for key, value in found.items() if value is not None}


def _names(text: str) -> list[str]:
    try:
        found = json.loads(text or "[]")
    except ValueError as error:
        raise Invalid(f"error reading build options: cachefrom: {error}") from error
    if found is not None and not (isinstance(found, list) and all(isinstance(name, str) for name in found)):
        raise Invalid("error reading build options: cachefrom: expected a list of texts")
    return found or []


def network_of(mode: str) -> str:
    """The network of RUN steps, as :class:`Options` has it."""
    return "default" if mode in ("", "default", "bridge") else mode


def _hosts(values: Sequence[str]) -> list[str]:
    """Docker's CLI sends one text with commas; others repeat the parameter."""
    return [host for value in values for host in value.split(",") if host]


def _limits(query: Query) -> Limits:
    def number(name: str) -> int:
        return query.number(name, 0) or 0

    return Limits(
        memory_bytes=number("memory"),
        memory_swap_bytes=number("memswap"),
        cpu_shares=number("cpushares"),
        cpu_period=number("cpuperiod"),
        cpu_quota=number("cpuquota"),
        cpuset_cpus=query.text("cpusetcpus"),
        cpuset_mems=query.text("cpusetmems"),
        shm_bytes=number("shmsize"),
        ulimits=_ulimits(query.text("ulimits")),
    )


def _ulimits(text: str) -> list[tuple[str, int, int]]:
    try:
        return [(one["Name"], int(one["Soft"]), int(one["Hard"])) for one in json.loads(text or "[]") or ()]
    except (ValueError, TypeError, KeyError) as error:
        raise Invalid(f"error reading ulimit settings: {error}") from error


async def prune(engine: BuildEngine, call: Call) -> web.StreamResponse:
    """``POST /build/prune``."""
    query = call.query
    filters = call.filters(PRUNE_FILTERS)
    until = filters.get("until", [])
    keep = query.number("keep-storage", 0) or query.number("reserved-space", 0) or 0
    pruned = await engine.prune(query.flag("all"), keep, _age(until[0]) if until else 0)
    return call.json({"CachesDeleted": list(pruned.keys), "SpaceReclaimed": pruned.bytes})


def _age(text: str) -> int:
    from wherry.kit.durations import parse_duration

    return parse_duration(text)
