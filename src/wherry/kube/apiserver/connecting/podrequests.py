"""What a node is asked of a pod: container, options, and upstream's words for what is wrong with them. Pure.

(k8s.io/kubernetes pkg/registry/core/pod/strategy.go, pkg/apis/core/validation: ValidatePodLogOptions)
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from wherry.kube.apiserver.requestinfo import is_set
from wherry.kube.machinery import status, times
from wherry.kube.machinery.fielderrors import FieldError, forbidden, invalid, not_supported
from wherry.kube.machinery.model import GroupKind, Object

_LOG_OPTIONS = GroupKind("", "PodLogOptions")
STREAMS = ("All", "Stdout", "Stderr")
_NUMBERS = ("sinceSeconds", "tailLines", "limitBytes")
Query = Mapping[str, Sequence[str]]


def container_of(pod: Object, name: str) -> str:
    """The container that is meant. Raises StatusError 400."""
    pod_name, spec = pod["metadata"]["name"], pod["spec"]
    names = [
        each["name"]
        for part in ("initContainers", "containers", "ephemeralContainers")
        for each in spec.get(part) or ()
    ]
    if name:
        if name not in names:
            raise status.bad_request(f"container {name} is not valid for pod {pod_name}")
        return name
    regular: list[Object] = spec.get("containers") or []
    if len(regular) == 1:
        found: str = regular[0]["name"]
        return found
    message = f"a container name must be specified for pod {pod_name}"
    if regular:
        message += f", choose one of: [{' '.join(names)}]"
    raise status.bad_request(message)


def node_of(pod: Object) -> str:
    """Raises StatusError 400."""
    name: str = pod["spec"].get("nodeName") or ""
    if not name:
        raise status.bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")
    return name


def log_target(pod: Object, query: Query) -> str:
    """Path and query for the node. Raises StatusError 400, 422."""
    container = container_of(pod, first(query, "container"))
    wanted = _log_options(pod["metadata"]["name"], query)
    return _target("containerLogs", pod, container, wanted)


def _log_options(name: str, query: Query) -> list[tuple[str, str]]:
    wanted = [(flag, "true") for flag in ("follow", "previous", "timestamps") if _is_set(query, flag)]
    found: list[FieldError] = []
    numbers = {each: _number(first(query, each)) for each in _NUMBERS if first(query, each)}
    since_time, stream = first(query, "sinceTime"), first(query, "stream") or "All"
    if numbers.get("tailLines", 0) < 0:
        found.append(invalid("tailLines", numbers["tailLines"], "must be greater than or equal to 0"))
    if numbers.get("limitBytes", 1) < 1:
        found.append(invalid("limitBytes", numbers["limitBytes"], "must be greater than 0"))
    if since_time and "sinceSeconds" in numbers:
        found.append(forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"))
    elif numbers.get("sinceSeconds", 1) < 1:
        found.append(invalid("sinceSeconds", numbers["sinceSeconds"], "must be greater than 0"))
    if stream not in STREAMS:
        found.append(not_supported("stream", stream, STREAMS))
    elif stream != "All" and "tailLines" in numbers:
        found.append(forbidden("", "`tailLines` and specific `stream` are mutually exclusive for now"))
    if found:
        raise status.invalid(_LOG_OPTIONS, name, found)
    wanted += [(each, str(value)) for each, value in numbers.items()]
    if since_time:
        wanted.append(("sinceTime", _time(since_time)))
    return [*wanted, ("stream", stream)]


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise status.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _time(text: str) -> str:
    try:
        return times.rfc3339(times.parse(text))
    except ValueError as error:
        raise status.bad_request(str(error)) from error


def process_target(action: str, pod: Object, query: Query) -> str:
    """Of ``exec`` and ``attach``. Raises StatusError 400. Output that nobody speaks of is wanted."""
    container = container_of(pod, first(query, "container"))
    wanted = [("input", "1")] if _is_set(query, "stdin") else []
    for name, theirs in (("stdout", "output"), ("stderr", "error")):
        if name not in query or _is_set(query, name):
            wanted.append((theirs, "1"))
    if _is_set(query, "tty"):
        wanted.append(("tty", "1"))
    if action == "exec":
        wanted += [("command", each) for each in query.get("command", ())]
    return _target(action, pod, container, wanted)


def ports_target(pod: Object, query: Query) -> str:
    """Of ``portforward``. Raises StatusError 400."""
    ports = [_number(part) for each in query.get("ports", ()) for part in each.split(",") if part]
    wanted = [("port", ",".join(str(each) for each in ports))] if ports else []
    return _target("portForward", pod, "", wanted)


def _target(action: str, pod: Object, container: str, query: Sequence[tuple[str, str]]) -> str:
    meta = pod["metadata"]
    parts = [action, meta["namespace"], meta["name"], *([container] if container else [])]
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    return f"{path}?{urlencode(query)}" if query else path


def _is_set(query: Query, name: str) -> bool:
    return is_set({name: first(query, name)} if name in query else {}, name)


def first(query: Query, name: str) -> str:
    """Of several values; empty when there is none."""
    values = query.get(name)
    return values[0] if values else ""
