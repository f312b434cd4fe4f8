"""What a kind is made of: names, versions, columns, subresources, and a strategy for its objects."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from msgspec.structs import force_setattr

from wherry.kube.machinery.fielderrors import FieldError
from wherry.kube.machinery.model import GroupKind, GroupResource, GroupVersion, GroupVersionKind, Object
from wherry.kube.machinery.names import NameCheck, dns1123_subdomain, path_segment
from wherry.kube.machinery.parts import Unread
from wherry.kube.machinery.patches.values import same
from wherry.kube.machinery.schema.model import Schema

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


class Context(msgspec.Struct, frozen=True):
    """What a strategy may know besides the object: who asks, when, and by what verb."""

    now: datetime
    user: str = ""
    subresource: str = ""
    dry_run: bool = False
    warnings: list[str] = msgspec.field(default_factory=list)
    """Append what the client is to be told (a ``Warning`` header each)."""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, Sequence[str]] = msgspec.field(default_factory=dict)
    """What else is known of who asks: CertificateSigningRequests record it."""
    version: str = ""
    """The served version that the client wrote: custom kinds may have other rules in each. Empty: the storage one."""


class Strategy:
    """What a kind does with an object on its way to the store. This one is right for a kind with nothing special.

    The order is the server's, written once: decode, :meth:`default`, :meth:`prepare_create` or
    :meth:`prepare_update`, admission, :meth:`validate` or :meth:`validate_update`, store. Metadata is the server's
    own business everywhere (names, generation, deletion, owners); the schema has been checked before
    (types, unknown fields). The object passed first may be changed by ``default`` and ``prepare_*``; nothing else may.
    Objects are in the kind's storage version.
    """

    def default(self, obj: Object) -> None:
        """Fill in what was left out, as upstream's ``zz_generated.defaults.go`` and ``defaults.go`` do. Idempotent."""

    def default_status(self, obj: Object) -> None:
        """The same when the status alone comes from a request: all else has its defaults since it was stored."""
        self.default(obj)

    def prepare_create(self, obj: Object, context: Context) -> None:
        """Drop what a creator may not set. ``status`` is gone already where :attr:`Kind.has_status`."""

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        """Keep what an updater may not change. ``status`` is the old one already where :attr:`Kind.has_status`."""

    def prepare_status_update(self, obj: Object, old: Object, context: Context) -> None:
        """The same for the status subresource; everything but ``status`` (and managedFields) is the old one already."""

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        """What is wrong with a new object."""
        return ()

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        """What is wrong with a changed object: :meth:`validate` and what may not change."""
        return self.validate(obj, context)

    def validate_status_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        """What is wrong with a changed status."""
        return ()

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        """What to warn a client of who wrote this (deprecated fields and versions)."""
        return ()

    def generation_counts(self, obj: Object, old: Object) -> bool:
        """Whether the update is one that a controller must look at: ``metadata.generation`` goes up."""
        return not same(_without_meta(obj), _without_meta(old))


def _without_meta(obj: Object) -> Object:
    return {name: value for name, value in obj.items() if name not in ("metadata", "status", "apiVersion", "kind")}


_PLAIN = Strategy()


def plain_strategy() -> Strategy:
    """Of kinds with nothing special."""
    return _PLAIN


class Column(msgspec.Struct, frozen=True):
    """Of ``kubectl get``; ``type`` and ``format`` as in metav1.TableColumnDefinition; ``priority`` 1: only wide."""

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


Cells = Callable[[Object, datetime], Sequence[Any]]  # Any: what a cell shows, JSON
"""One row of an object, as of now: as many cells as the kind has columns."""

NAME = Column("Name", format="name", description="Name must be unique within a namespace.")
AGE = Column(
    "Age", description="CreationTimestamp is a timestamp representing the server time when this object was created."
)


class Conversion(msgspec.Struct, frozen=True):
    """Between the storage version and another served one. Both take an object they may change, and return one."""

    to_storage: Callable[[Object], Object]
    from_storage: Callable[[Object], Object]


class Version(msgspec.Struct, frozen=True):
    """A version of a kind that is served. ``conversion`` None: the fields are the same, only ``apiVersion`` differs."""

    name: str
    schema: Callable[[], Schema]
    conversion: Conversion | None = None
    columns: tuple[Column, ...] | None = None
    cells: Cells | None = None
    deprecation_warning: str = ""
    openapi: Callable[[], Object] | None = None
    """Of a custom kind: its ``openAPIV3Schema`` as its author wrote it, for OpenAPI documents. None: there is none, or
    the kind is a built-in one."""


class ScaleFields(msgspec.Struct, frozen=True):
    """Where the scale subresource finds what it shows and changes: paths such as ``spec.replicas``.

    ``selector`` may name a LabelSelector or a text."""

    replicas: str = "spec.replicas"
    status_replicas: str = "status.replicas"
    selector: str = "spec.selector"


class Selectable(Protocol):
    """Gives the fields of an object that a field selector may name, as texts."""

    def __call__(self, obj: Object) -> Mapping[str, str]: ...


def metadata_fields(obj: Object) -> Mapping[str, str]:
    """What every kind can be selected by."""
    meta = obj.get("metadata", {})
    return {"metadata.name": meta.get("name", ""), "metadata.namespace": meta.get("namespace", "")}


class Kind(msgspec.Struct, frozen=True):
    """A kind of objects. ``versions``: those served, the preferred one first; ``storage`` is one of their names."""

    group: str
    kind: str
    plural: str
    versions: tuple[Version, ...]
    storage: str
    load_strategy: Callable[[], Strategy] = plain_strategy
    """Imports and makes it; asked at the first write, so that a start need not load what it does not use. Cached by
    who gives it (``functools.cache``)."""
    has_status: bool = True
    """There is a ``status`` that only the status subresource writes; ``generation`` counts changes of the rest."""
    allow_create_on_update: bool = False
    allow_unconditional_update: bool = True
    """An update may leave out the resourceVersion."""
    namespaced: bool = True
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    columns: tuple[Column, ...] = (NAME, AGE)
    cells: Cells | None = None
    """None: name and age."""
    selectable: tuple[str, ...] = ()
    """Names that field selectors may use, besides metadata.name and metadata.namespace."""
    fields: Selectable = metadata_fields
    """Gives those of :attr:`selectable` and the two others."""
    unread: Unread | None = None
    """What nobody reads who keeps many objects in the server's process: controllers and scheduler."""
    scale: ScaleFields | None = None
    subresources: tuple[str, ...] = ()
    """Those beyond ``status`` (which :attr:`has_status` says) and ``scale``: ``eviction``, ``log`` …"""
    default_finalizers: tuple[str, ...] = ()
    grace_seconds: int | None = None
    """Deletion is graceful, by default this many seconds (pods); None: at once."""
    delete_strategy: str = "background"
    """What ``propagationPolicy`` is when the client says none: ``background`` or ``orphan``."""
    name_is_free: bool = False
    """Names need not be DNS-1123 subdomains: path segments will do (RBAC)."""
    name_check: NameCheck | None = None
    """What names must look like, where that is neither (services, namespaces)."""
    status_at_create: bool = False
    """A creator may set the status (nodes)."""
    status_annotations: bool = False
    """Who writes the status may change annotations with it, which does not count as another generation (the revision
    of a deployment)."""
    stored_as: GroupResource | None = None
    """Objects are those of this resource, in its storage version; the versions here convert to it and back
    (events.k8s.io). None: it has its own."""
    custom: bool = False
    """It came from a CustomResourceDefinition."""
    is_ending: bool = False
    """Its definition is being deleted, once nothing is left of it."""
    resource: GroupResource = GroupResource("", "")
    """Asked for a dozen times a request, and so made once: of group and plural, whatever is given."""

    def __post_init__(self) -> None:
        force_setattr(self, "resource", GroupResource(self.group, self.plural))

    @property
    def strategy(self) -> Strategy:
        return self.load_strategy()

    @property
    def check_name(self) -> NameCheck:
        """The rule for names of its objects."""
        return self.name_check or (path_segment if self.name_is_free else dns1123_subdomain)

    @property
    def group_kind(self) -> GroupKind:
        return GroupKind(self.group, self.kind)

    @property
    def storage_version(self) -> GroupVersion:
        return GroupVersion(self.group, self.storage)

    def version(self, name: str) -> Version | None:
        """The version of that name; None when it is not served."""
        return next((each for each in self.versions if each.name == name), None)

    def gvk(self, version: str = "") -> GroupVersionKind:
        """``version`` empty: the storage version."""
        return GroupVersionKind(self.group, version or self.storage, self.kind)

    def schema(self, version: str = "") -> Schema:
        """``version`` empty: the storage version. Raises KeyError."""
        found = self.version(version or self.storage)
        if found is None:
            raise KeyError(version)
        return found.schema()
