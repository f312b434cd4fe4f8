"""Searching a registry for repositories, where it offers Docker's index API of version 1 (``GET /v1/search``)."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec

from wherry.engine.distribution.model import Found
from wherry.http.client import Answer, HttpClient, NoAnswer, Request
from wherry.http.urls import Origin
from wherry.kit.errors import Invalid, Unavailable, Unsupported
from wherry.oci.reference import DEFAULT_DOMAIN

INDEX = "https://index.docker.io"
DEFAULT_LIMIT, LARGEST_LIMIT = 25, 100
FILTERS = frozenset({"is-automated", "is-official", "stars"})
_ANSWER_LIMIT_BYTES = 4 << 20
_TRUE, _FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})


class _Result(msgspec.Struct, frozen=True):
    name: str = ""
    description: str | None = ""
    star_count: int = 0
    is_official: bool = False
    is_automated: bool = False


class _Results(msgspec.Struct, frozen=True):
    results: list[_Result] | None = None


def split(term: str) -> tuple[str, str]:
    """The registry's domain and what is looked for there (moby registry/search.go splitReposSearchTerm)."""
    if not term:
        raise Invalid("invalid search term: it is empty")
    if "://" in term:
        raise Invalid("invalid repository name: repository name should not contain a scheme")
    first, slash, rest = term.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        return DEFAULT_DOMAIN, term.removeprefix("library/")
    return (DEFAULT_DOMAIN, rest) if first in (DEFAULT_DOMAIN, "index.docker.io") else (first, rest)


async def search(http: HttpClient, servers: Sequence[str], term: str, limit: int) -> Sequence[Found]:
    """What the first of ``servers`` (addresses) that answers has found. Raises Unsupported, Unavailable, NoAnswer."""
    if not 0 <= limit <= LARGEST_LIMIT:
        raise Invalid(f"limit {limit} is outside the range of [1, {LARGEST_LIMIT}]")
    query = urlencode({"q": term, "n": limit or DEFAULT_LIMIT})
    *others, last = servers
    for server in others:
        try:
            return await _ask(http, f"{server}/v1/search?{query}")
        except NoAnswer:
            continue
    return await _ask(http, f"{last}/v1/search?{query}")


async def _ask(http: HttpClient, url: str) -> Sequence[Found]:
    request = Request("GET", url, {"Accept": "application/json", "X-Docker-Token": "true"})
    async with http.send(request) as answer:
        if answer.status == 404:
            raise Unsupported(f"{Origin.of(url)} offers no search (it answered {answer.reason} to /v1/search)")
        if answer.status != 200:
            raise Unavailable(f"Unexpected status code {answer.status}")
        return _found(answer, await answer.read(_ANSWER_LIMIT_BYTES))


def _found(answer: Answer, data: bytes) -> Sequence[Found]:
    try:
        results = msgspec.json.decode(data, type=_Results, strict=False).results or []
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{answer.request}: the answer makes no sense: {error}") from error
    return [
        Found(one.name, one.description or "", one.star_count, one.is_official, one.is_automated) for one in results
    ]


def filtered(found: Sequence[Found], filters: Mapping[str, Sequence[str]]) -> Sequence[Found]:
    """Those that fit: ``is-official``, ``is-automated`` (true, false) and ``stars`` (at least). Raises Invalid."""
    official, automated = _truth(filters, "is-official"), _truth(filters, "is-automated")
    stars = max((_number(text) for text in filters.get("stars", ())), default=0)
    return [
        one
        for one in found
        if one.stars >= stars and official in (None, one.is_official) and automated in (None, one.is_automated)
    ]


def _truth(filters: Mapping[str, Sequence[str]], name: str) -> bool | None:
    given = {text.lower() for text in filters.get(name, ())}
    if not given <= _TRUE | _FALSE or (given & _TRUE and given & _FALSE):
        raise Invalid(f"invalid filter '{name}={sorted(given)}'")
    return bool(given & _TRUE) if given else None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Invalid(f"invalid filter 'stars={text}'")
    return int(text)
