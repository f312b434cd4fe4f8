"""Which objects of a collection a request means: namespace, name, labels, fields."""

from functools import lru_cache

import msgspec

from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.entries import Entry
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery import status
from wherry.kube.machinery.selectors import EVERYTHING, FieldSelector, LabelSelector, parse_fields, parse_labels

_ALWAYS = frozenset({"metadata.name", "metadata.namespace"})
_labels = lru_cache(maxsize=1024)(parse_labels)
_fields = lru_cache(maxsize=1024)(parse_fields)
_ALL_FIELDS = FieldSelector()


class Selection(msgspec.Struct, frozen=True):
    """``namespace`` None: all; ``name`` empty: any."""

    namespace: str | None = None
    name: str = ""
    labels: LabelSelector = EVERYTHING
    fields: FieldSelector = _ALL_FIELDS

    @property
    def is_plain(self) -> bool:
        """Nothing but a namespace chooses."""
        return not self.name and self.labels.is_everything and self.fields.is_everything

    def matches(self, entry: Entry) -> bool:
        if self.namespace is not None and entry.namespace != self.namespace:
            return False
        if self.name and entry.name != self.name:
            return False
        if not self.labels.is_everything and not self.labels.matches(entry.labels):
            return False
        return self.fields.is_everything or self.fields.matches(entry.fields)


def of_call(call: Call) -> Selection:
    """Raises StatusError 400 for what is no selector, or asks for a field that the kind is not selected by."""
    labels = _labels(call.query.get("labelSelector", ""))
    fields = _checked(_fields(call.query.get("fieldSelector", "")), call.served.kind)
    namespace = (call.info.namespace or None) if call.served.kind.namespaced else None
    return Selection(namespace, call.info.name or fields.requires("metadata.name") or "", labels, fields)


def _checked(fields: FieldSelector, kind: Kind) -> FieldSelector:
    for name in fields.names:
        if name not in _ALWAYS and name not in kind.selectable:
            if kind.selectable or kind.custom:
                raise status.bad_request(f"field label not supported: {name}")
            known = 'only "metadata.name", "metadata.namespace"'
            raise status.bad_request(f'"{name}" is not a known field selector: {known}')
    return fields
