"""What the folders of the kinds say in few words."""

from functools import cache, partial

from wherry.kube.kinds.model import Conversion, Version
from wherry.kube.machinery.model import GroupVersionKind
from wherry.kube.machinery.schema.model import Schema


@cache
def _schema(gvk: GroupVersionKind) -> Schema:
    from wherry.kube.machinery.schema.builtin import schema_of

    return schema_of(gvk)


def version(group: str, kind: str, name: str, conversion: Conversion | None = None) -> Version:
    """A version whose schema is among upstream's definitions; it is looked up when first asked for."""
    return Version(name, partial(_schema, GroupVersionKind(group, name, kind)), conversion)


def versions(group: str, kind: str, *names: str) -> tuple[Version, ...]:
    """Versions with the same fields; the preferred one first."""
    return tuple(version(group, kind, name) for name in names)
