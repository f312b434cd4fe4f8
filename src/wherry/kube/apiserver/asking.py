"""From a request to a call: its path and query, and what they ask of which kind."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from wherry.kit.durations import parse_duration
from wherry.kit.errors import Invalid
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.kinds import Served
from wherry.kube.apiserver.model import User
from wherry.kube.apiserver.requestinfo import RequestInfo, parse
from wherry.kube.apiserver.subresources.streams import NAMES as STREAMS
from wherry.kube.machinery import status

_REMEMBERED = 512
Read = tuple[str, Mapping[str, str], RequestInfo]
"""Path, query and what they ask for. Not to be changed."""
_OF_MANY = frozenset({"list", "watch", "deletecollection"})
_WRITING = frozenset({"create", "update", "patch", "delete", "deletecollection"})


def split(target: str) -> tuple[str, dict[str, str]]:
    """Path (decoded a segment at a time: an encoded slash never makes two of one) and query of a request's target.

    Raises StatusError 400 for an encoded slash or dot segment, which no name has."""
    path, _, query = target.partition("?")
    if "%" in path:
        parts = [unquote(part) for part in path.split("/")]
        if any("/" in part or part in (".", "..") for part in parts):
            raise status.bad_request("invalid path: an encoded slash or dot segment is no name")
        path = "/".join(parts)
    return path, _queried(query) if query else {}


def read(method: str, target: str) -> Read:
    """Raises StatusError 400."""
    return _remembered(method, target) if len(target) <= _REMEMBERED else _read(method, target)


def _read(method: str, target: str) -> Read:
    path, query = split(target)
    return path, query, parse(method, path, query)


_remembered = lru_cache(maxsize=1024)(_read)  # clients ask for the same again and again


def _queried(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=10_000):
        found.setdefault(name, value)
    return found


def call_of(
    info: RequestInfo, served: Served, user: User, query: Mapping[str, str], now: datetime, agent: str,
    is_head: bool = False,
) -> Call:  # fmt: skip
    """What ``user``, who may, asks: without its body. ``agent``: the User-Agent. Raises StatusError."""
    if info.namespace and not served.kind.namespaced and (info.resource, info.name) != ("namespaces", info.namespace):
        raise status.no_such_path()  # else whoever may all in one namespace might all (CVE-2019-11247), and to others
    if info.rest and info.subresource != "proxy" and not served.kind.custom:
        raise status.no_such_path()
    if info.subresource and (not info.name or info.verb in _OF_MANY):
        raise status.no_such_path()  # else who may watch ``pods/status`` would be told all of a pod
    if is_head and not served.kind.custom and info.subresource != "proxy":
        raise status.no_such_method()  # upstream's routes are of one method, custom resources' of one verb
    call = Call(info, served, user, now, query, user_agent=agent)
    if served.version.deprecation_warning:
        call.warnings.append(served.version.deprecation_warning)
    return call


def check(call: Call) -> None:
    """What else its query says must be right. Raises StatusError."""
    if not call.query or call.info.subresource in STREAMS:
        return
    if "timeout" in call.query and call.info.verb != "watch":
        own_seconds(call.query)
    if call.info.verb in _WRITING:
        call.check_options()


def own_seconds(query: Mapping[str, str]) -> float | None:
    """The time that the client gives its request; None: as much as all have, which is the most (apiserver
    pkg/endpoints/filters/request_deadline.go). Raises StatusError 400."""
    if not (text := query.get("timeout")):
        return None
    try:
        seconds = parse_duration(text) / 1e9
    except Invalid as error:
        raise status.bad_request(f"invalid timeout specified in the request URL - {error}") from error
    return seconds if seconds > 0 else None
