"""Custom kinds are served as their definitions come, change and go."""

import logging
from collections.abc import Sequence

from wherry.kube.apiserver.cache import Change
from wherry.kube.apiserver.caches import Caches
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.kinds import Kinds
from wherry.kube.machinery import status
from wherry.kube.machinery.apply.forgetting import forget_shapes
from wherry.kube.machinery.model import GroupResource

log = logging.getLogger(__name__)
DEFINITIONS = GroupResource("apiextensions.k8s.io", "customresourcedefinitions")


class CustomKinds:
    """Watches the definitions in the cache (:class:`wherry.kube.apiserver.cache.Watcher`)."""

    def __init__(self, kinds: Kinds, caches: Caches) -> None:
        self._kinds = kinds
        self._caches = caches

    def start(self) -> None:
        """Serve what is defined already, and watch."""
        cache = self._caches.of(DEFINITIONS)
        for entry in cache.entries():
            self._serve(entry)
        cache.add_watcher(self)

    def offer(self, changes: Sequence[Change]) -> None:
        """Other definitions, or some that are no more."""
        for change in changes:
            if change.new is not None:
                self._serve(change.new)
            elif change.old is not None:
                self._remove(_resource(change.old))

    def end(self, error: Exception) -> None:
        """The caches have begun anew, and we with them."""
        self.start()

    def _serve(self, entry: Entry) -> None:
        """A definition that is not established is not served: its names may be another's."""
        from wherry.kube.apiserver.custom.kinds import kind_of  # 30 ms, and a cluster may have no custom kinds

        resource = _resource(entry)
        try:
            kind = kind_of(entry.object)
        except Exception:  # one that was stored by another version of us must not end the watch
            log.exception("custom resource definition %s cannot be served", entry.name)
            kind = None
        if kind is None:
            if (before := self._kinds.of(resource)) is not None and before.custom:
                self._remove(resource)
            return
        self._kinds.add(kind)
        self._caches.of(resource).serve(kind)

    def _remove(self, resource: GroupResource) -> None:
        """Its watches end: what they watch is no more."""
        self._kinds.remove(resource)
        self._caches.of(resource).end_watches(status.no_such_path())
        self._caches.drop(resource)
        forget_shapes()


def _resource(entry: Entry) -> GroupResource:
    plural, _, group = entry.name.partition(".")
    return GroupResource(group, plural)
