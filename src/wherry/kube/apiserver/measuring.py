"""What ``/metrics`` shows of the server.

Counts are kept here, by labels whose values come from what is served, never from what a client sends (K13: a hundred
thousand odd paths make no hundred thousand series). The text is made when it is asked for.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.machinery.model import GroupResource

_BUCKETS = (
    0.005,
    0.025,
    0.05,
    0.1,
    0.2,
    0.4,
    0.6,
    0.8,
    1.0,
    1.25,
    1.5,
    2.0,
    3.0,
    4.0,
    5.0,
    6.0,
    8.0,
    10.0,
    15.0,
    20.0,
    30.0,
    45.0,
    60.0,
)
# apiserver pkg/endpoints/metrics: requestLatencies
_Key = tuple[str, str, str, str, str]


class Measures:
    """Counts of requests and watches."""

    def __init__(self) -> None:
        self._requests: dict[tuple[_Key, int], int] = {}
        self._seconds: dict[_Key, list[float]] = {}
        self._watches: dict[GroupResource, int] = {}
        self.gauges: dict[str, Callable[[], float]] = {}
        """Figures that others keep, by their metric's name."""

    def count(self, info: RequestInfo, code: int, seconds: float) -> None:
        """One answered request for a served resource."""
        key = (info.verb, info.group, info.version, info.resource, info.subresource)
        self._requests[key, code] = self._requests.get((key, code), 0) + 1
        found = self._seconds.get(key)
        if found is None:
            found = self._seconds[key] = [0.0] * (len(_BUCKETS) + 2)
        for position, bound in enumerate(_BUCKETS):
            if seconds <= bound:
                found[position] += 1
                break
        found[-2] += 1
        found[-1] += seconds

    def keep(self, is_served: Callable[[str, str, str], object]) -> None:
        """Of what is served by group, version and resource; what is not any more is forgotten: custom kinds come and
        go."""
        gone = [key for key in self._seconds if not is_served(*key[1:4])]
        for key in gone:
            del self._seconds[key]
        if gone:
            forgotten = set(gone)
            self._requests = {each: count for each, count in self._requests.items() if each[0] not in forgotten}
            self._watches = {resource: count for resource, count in self._watches.items() if count}

    @contextmanager
    def watching(self, resource: GroupResource) -> Iterator[None]:
        """One watch, while it lasts."""
        self._watches[resource] = self._watches.get(resource, 0) + 1
        try:
            yield
        finally:
            self._watches[resource] -= 1

    def text(self) -> bytes:
        """In the Prometheus text format 0.0.4."""
        lines = ["# TYPE apiserver_request_total counter"]
        for (key, code), count in self._requests.items():
            lines.append(f'apiserver_request_total{{{_labels(key)},code="{code}"}} {count}')
        lines.append("# TYPE apiserver_request_duration_seconds histogram")
        for key, found in self._seconds.items():
            lines += _histogram("apiserver_request_duration_seconds", _labels(key), found)
        lines.append("# TYPE apiserver_registered_watchers gauge")
        for resource, count in self._watches.items():
            labels = f'group="{resource.group}",resource="{resource.resource}"'
            lines.append(f"apiserver_registered_watchers{{{labels}}} {count}")
        for name, value in self.gauges.items():
            lines += [f"# TYPE {name} gauge", f"{name} {value()}"]
        return ("\n".join(lines) + "\n").encode()


def _labels(key: _Key) -> str:
    names = ("verb", "group", "version", "resource", "subresource")
    return ",".join(f'{name}="{value}"' for name, value in zip(names, (key[0].upper(), *key[1:]), strict=True))


def _histogram(name: str, labels: str, found: list[float]) -> Iterator[str]:
    total = 0.0
    for bound, count in zip(_BUCKETS, found, strict=False):
        total += count
        yield f'{name}_bucket{{{labels},le="{bound}"}} {total:.0f}'
    yield f'{name}_bucket{{{labels},le="+Inf"}} {found[-2]:.0f}'
    yield f"{name}_sum{{{labels}}} {found[-1]:.6f}"
    yield f"{name}_count{{{labels}}} {found[-2]:.0f}"
