"""One request, read: what it asks of which kind, for whom, with what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wherry.kube.apiserver.kinds import Served
from wherry.kube.apiserver.model import User
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.kinds.model import Context
from wherry.kube.machinery import status
from wherry.kube.machinery.model import GroupResource, Object

_MAX_MANAGER = 128


@dataclass(slots=True)
class Call:
    """``obj`` stands in place of ``body`` when the caller is in this process; it is not changed."""

    info: RequestInfo
    served: Served
    user: User
    now: datetime
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""
    obj: object = None
    user_agent: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def resource(self) -> GroupResource:
        return self.served.kind.resource

    @property
    def storage(self) -> GroupResource:
        """The resource that the store has the objects under."""
        return self.served.kind.stored_as or self.served.kind.resource

    @property
    def namespace(self) -> str:
        """Empty for what has none, whatever the path says."""
        return self.info.namespace if self.served.kind.namespaced else ""

    @property
    def dry_run(self) -> bool:
        """Raises StatusError for another value than All."""
        value = self.query.get("dryRun", "")
        if value not in ("", "All"):
            raise status.StatusError(
                422, "Invalid", f'DryRun: Unsupported value: "{value}": supported values: "All"', {}
            )
        return value == "All"

    @property
    def field_validation(self) -> str:
        """Strict, Warn or Ignore. Raises StatusError for anything else."""
        value = self.query.get("fieldValidation") or "Warn"
        if value not in ("Strict", "Warn", "Ignore"):
            said = f'fieldValidation: Unsupported value: "{value}": supported values: "Ignore", "Strict", "Warn"'
            raise status.StatusError(422, "Invalid", said, {})
        return value

    @property
    def manager(self) -> str:
        """Who the fields belong to that this sets (apiserver pkg/endpoints/handlers/create.go managerOrUserAgent)."""
        named = self.query.get("fieldManager", "")
        if len(named.encode()) > _MAX_MANAGER or not named.isprintable():
            said = f"fieldManager: Invalid value: {named[:200]!r}: must be printable and at most {_MAX_MANAGER} bytes"
            raise status.StatusError(422, "Invalid", said, {})
        return named or self.user_agent.partition("/")[0][:_MAX_MANAGER] or "unknown"

    def context(self, subresource: str = "") -> Context:
        return Context(
            self.now, self.user.name, subresource, self.dry_run, self.warnings, version=self.served.version.name
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer: the object's bytes in the storage version, or a document of its own (``Status``, ``Scale``…)."""

    code: int = 200
    raw: bytes = b""
    document: Object | None = None
