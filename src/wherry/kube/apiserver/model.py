"""The server's words: users, what they ask, admission."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from wherry.kube.kinds.model import Kind
from wherry.kube.machinery.model import GroupResource, Object


class User(msgspec.Struct, frozen=True):
    """Who asks (authentication.k8s.io UserInfo)."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
MASTERS = "system:masters"
"""Who is in it may do everything."""


class Credentials(msgspec.Struct, frozen=True):
    """What a request brings to say who asks. ``certificate`` is DER, verified against the client authority by TLS."""

    token: str = ""
    certificate: bytes = b""


def never() -> bool:
    """See :class:`Identity`."""
    return False


class Identity(msgspec.Struct, frozen=True):
    """Who the credentials say it is. ``holds()`` is True as long as the same credentials would say the same if they
    were looked into again: nothing that it rests on has changed, and its time has not run out. False says nothing but
    that this must be done."""

    user: User
    holds: Callable[[], bool] = never


class Authenticator(Protocol):
    """Says who asks."""

    def authenticate(self, credentials: Credentials) -> Identity | None:
        """None: nothing was brought that this one knows of. Raises StatusError 401 when it is not right.

        Groups are complete (``system:authenticated`` is in them). Must be quick: it is asked on every request whose
        client is not known (:mod:`wherry.kube.apiserver.gate`).
        """


class Attributes(msgspec.Struct, frozen=True):
    """What is asked. ``path`` is set for what is no resource; ``verb`` is get, list, watch, create, update, patch,
    delete, deletecollection, impersonate, bind, escalate … or, there, HTTP's in lower case."""

    user: User
    verb: str
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    label_selector: str = ""
    field_selector: str = ""

    @property
    def is_resource(self) -> bool:
        return not self.path


class Decision(Enum):
    ALLOW = "allow"
    DENY = "deny"
    NO_OPINION = "no opinion"


class Authorizer(Protocol):
    """Says who may. Must be quick: it is asked on every request."""

    def authorize(self, attributes: Attributes) -> tuple[Decision, str]:
        """The decision, and a reason for people. No opinion, of all, is a no."""


class Lister(Protocol):
    """The objects of one kind, as the cache has them. Objects are shared: do not change them."""

    @property
    def revision(self) -> int:
        """Of the last change to any of them: an index made of them is good until it moves."""

    def get(self, name: str, namespace: str = "") -> Object | None: ...

    def list(self, namespace: str | None = None) -> Iterable[Object]:
        """Of one namespace, or (None) of all; ``""`` for what has no namespace."""


class Listers(Protocol):
    """The caches of all kinds."""

    def of(self, resource: GroupResource) -> Lister:
        """The same one every time, whatever comes and goes; empty for a resource that is not served."""


class Operation(Enum):
    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    CONNECT = "CONNECT"

    __hash__ = object.__hash__  # each is there once; Enum's own is Python code, run at every look into a set


class AdmissionRequest(msgspec.Struct):
    """One write on its way. ``object`` (None when deleting) may be changed by :meth:`AdmissionPlugin.admit`."""

    operation: Operation
    kind: Kind
    user: User
    now: datetime
    object: Object | None
    old: Object | None = None
    name: str = ""
    namespace: str = ""
    subresource: str = ""
    dry_run: bool = False
    options: Object = msgspec.field(default_factory=dict)
    warnings: list[str] = msgspec.field(default_factory=list)
    notes: dict[str, str] = msgspec.field(default_factory=dict)
    """What an audit log is to say of the request (annotations of audit.k8s.io/v1 Event)."""
    after: list[Callable[[bool], Awaitable[None]]] = msgspec.field(default_factory=list)
    """Called when the write is done (True) or has failed (False): quota gives back what it had counted."""

    @property
    def resource(self) -> GroupResource:
        return self.kind.resource


Waits = Awaitable[None] | None
"""What is left to do and has to wait for something; None: it is done. Most rules know all they need."""


class AdmissionPlugin(Protocol):
    """A rule about writes. Raises StatusError (403 ``forbidden`` mostly) to refuse one, at once or where it waits."""

    name: str

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        """Whether it has anything to say to such a write; the same answer every time. Who asks remembers it."""

    def admit(self, request: AdmissionRequest) -> Waits:
        """Fill in, change."""

    def validate(self, request: AdmissionRequest) -> Waits:
        """Refuse. The object is as it will be stored."""


class Rule(msgspec.Struct, frozen=True):
    """One line of rights, as SelfSubjectRulesReview shows it."""

    verbs: Sequence[str]
    groups: Sequence[str] = ()
    resources: Sequence[str] = ()
    names: Sequence[str] = ()
    paths: Sequence[str] = ()
