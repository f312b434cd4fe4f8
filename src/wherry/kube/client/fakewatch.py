"""A watch of :mod:`.fake`: which objects it is about, and what it is told when one comes into or out of that."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from wherry.kube.client.model import Changed, View
from wherry.kube.machinery.bare import has_ties
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.selectors import parse_fields, parse_labels

Fields = Callable[[Object], Mapping[str, str]]
Wanted = Callable[[Object], bool]


def metadata_fields(obj: Object) -> Mapping[str, str]:
    meta = obj["metadata"]
    return {"metadata.name": meta["name"], "metadata.namespace": meta.get("namespace", "")}


def selects(labels: str, fields: str, namespace: str, of: Fields) -> Wanted:
    """Raises StatusError 400."""
    by_labels, by_fields = parse_labels(labels), parse_fields(fields)

    def wanted(obj: Object) -> bool:
        meta = obj["metadata"]
        if namespace and meta.get("namespace", "") != namespace:
            return False
        return by_labels.matches(meta.get("labels") or {}) and by_fields.matches(of(obj))

    return wanted


class Stream:
    """What a watch has yet to be told."""

    def __init__(self, resource: GroupResource, wanted: Wanted, view: View = View.WHOLE) -> None:
        self._resource = resource
        self._wanted = wanted
        self._view = view
        self._queue: asyncio.Queue[Changed | Exception | None] = asyncio.Queue()

    def offer(self, resource: GroupResource, type: str, obj: Object, old: Object | None) -> None:
        """Tell it, if it is about that."""
        if resource != self._resource:
            return
        if self._view is View.TIES and type != "DELETED" and not any(has_ties(each) for each in (obj, old) if each):
            return
        was = old is not None and self._wanted(old)
        is_now = type != "DELETED" and self._wanted(obj)
        if is_now:
            self.send(Changed("MODIFIED" if was else "ADDED", obj))
        elif was:
            self.send(Changed("DELETED", obj))

    def send(self, change: Changed) -> None:
        self._queue.put_nowait(change)

    def end(self, error: Exception | None = None) -> None:
        self._queue.put_nowait(error)

    async def changes(self) -> AsyncIterator[Changed]:
        """Until it is ended."""
        while True:
            item = await self._queue.get()
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item
