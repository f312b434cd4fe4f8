"""What a LimitRange says about amounts: pure (k8s.io/kubernetes plugin/pkg/admission/limitranger)."""

from collections.abc import Iterable, Iterator

from wherry.kube.kinds.quotausage.amounts import Amounts
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import Quantity, parse


def complaints(item: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    """What is wrong by one ``spec.limits[]`` of a LimitRange, for amounts of its ``type``."""
    kind = item.get("type", "")
    for name, enforced in _sorted(item.get("min")):
        yield from _minimum(kind, name, enforced, (requests.get(name), limits.get(name)))
    for name, enforced in _sorted(item.get("max")):
        if kind == "PersistentVolumeClaim":
            yield from _maximum_request(kind, name, enforced, requests.get(name))
        else:
            yield from _maximum(kind, name, enforced, (requests.get(name), limits.get(name)))
    if kind != "PersistentVolumeClaim":
        for name, enforced in _sorted(item.get("maxLimitRequestRatio")):
            yield from _ratio(kind, name, enforced, (requests.get(name), limits.get(name)))


def _sorted(enforced: Object | None) -> Iterable[tuple[str, Quantity]]:
    return [(name, parse(value)) for name, value in sorted((enforced or {}).items())]


Asked = tuple[Quantity | None, Quantity | None]
"""Request and limit."""


def _minimum(kind: str, name: str, enforced: Quantity, asked: Asked) -> Iterator[str]:
    request, limit = asked
    said = f"minimum {name} usage per {kind} is {enforced}"
    if request is None:
        yield f"{said}.  No request is specified"
    elif request < enforced:
        yield f"{said}, but request is {request}"
    elif limit is not None and limit < enforced:
        yield f"{said}, but limit is {limit}"


def _maximum(kind: str, name: str, enforced: Quantity, asked: Asked) -> Iterator[str]:
    request, limit = asked
    said = f"maximum {name} usage per {kind} is {enforced}"
    if limit is None:
        yield f"{said}.  No limit is specified"
    elif limit > enforced:
        yield f"{said}, but limit is {limit}"
    elif request is not None and request > enforced:
        yield f"{said}, but request is {request}"


def _maximum_request(kind: str, name: str, enforced: Quantity, request: Quantity | None) -> Iterator[str]:
    said = f"maximum {name} usage per {kind} is {enforced}"
    if request is None:
        yield f"{said}.  No request is specified"
    elif request > enforced:
        yield f"{said}, but request is {request}"


def _ratio(kind: str, name: str, enforced: Quantity, asked: Asked) -> Iterator[str]:
    request, limit = asked
    said = f"{name} max limit to request ratio per {kind} is {enforced}"
    if not request:
        yield f"{said}, but no request is specified or request is 0"
    elif not limit:
        yield f"{said}, but no limit is specified or limit is 0"
    elif limit.nano * 10**9 > enforced.nano * request.nano:
        yield f"{said}, but provided ratio is {limit.nano / request.nano:.6f}"
