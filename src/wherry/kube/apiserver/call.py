"""One request, read: what it asks of which kind, for whom, with what."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from wherry.kube.apiserver.kinds import Served
from wherry.kube.apiserver.model import User
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.kinds.model import Context
from wherry.kube.machinery import status
from wherry.kube.machinery.fielderrors import FieldError, invalid, not_supported, too_long
from wherry.kube.machinery.model import GroupKind, GroupResource, Object

_MAX_MANAGER = 128  # apimachinery pkg/apis/meta/v1/validation FieldManagerMaxLength
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_OPTIONS = {"create": "Create", "update": "Update", "patch": "Patch"}


class Call(msgspec.Struct):
    """``obj`` stands in place of ``body`` when the caller is in this process; it is not changed."""

    info: RequestInfo
    served: Served
    user: User
    now: datetime
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""
    obj: object = None
    user_agent: str = ""
    warnings: list[str] = msgspec.field(default_factory=list)
    is_large: bool = False
    """What has to be done with the object is done beside the loop (:mod:`.aside`)."""
    ahead: Any = None  # of one type for patches, of another for objects
    """What ``body`` has been read to, beside the loop; who takes it leaves None."""

    @property
    def resource(self) -> GroupResource:
        return self.served.kind.resource

    @property
    def storage(self) -> GroupResource:
        """The resource that the store has the objects under."""
        return self.served.storage

    @property
    def namespace(self) -> str:
        """Empty for what has none, whatever the path says."""
        return self.info.namespace if self.served.kind.namespaced else ""

    @property
    def is_of_kind(self) -> bool:
        """The subresource, if any, is one of the kind's. What is not must not be counted: names that clients choose
        would become labels, which are kept for ever (CVE-2020-8552)."""
        kind, name = self.served.kind, self.info.subresource
        if not name or name in kind.subresources:
            return True
        return kind.has_status if name == "status" else name == "scale" and kind.scale is not None

    def check_options(self) -> None:
        """The options of a write (apimachinery pkg/apis/meta/v1/validation). Raises StatusError 422."""
        query, found = self.query, list[FieldError]()
        if manager := query.get("fieldManager"):
            found += manager_errors(manager)
        if (dry_run := query.get("dryRun", "All")) != "All":
            found.append(not_supported("dryRun", [dry_run], ("All",)))
        if (validation := query.get("fieldValidation", "")) not in _VALIDATIONS:
            found.append(not_supported("fieldValidation", validation, _VALIDATIONS))
        if found:
            kind = GroupKind("meta.k8s.io", f"{_OPTIONS.get(self.info.verb, 'Delete')}Options")
            raise status.invalid(kind, "", found)

    @property
    def dry_run(self) -> bool:
        """Raises StatusError for another value than All, none too: who asks for a dry run is never written for."""
        value = self.query.get("dryRun")
        if value not in (None, "All"):
            self.check_options()
        return value == "All"

    @property
    def field_validation(self) -> str:
        """Strict, Warn or Ignore. Raises StatusError for anything else."""
        value = self.query.get("fieldValidation") or "Warn"
        if value not in _VALIDATIONS:
            self.check_options()
        return value

    @property
    def manager(self) -> str:
        """Who the fields belong to that this sets (apiserver pkg/endpoints/handlers/create.go managerOrUserAgent)."""
        if named := self.query.get("fieldManager"):
            return named
        agent = self.user_agent.partition("/")[0]
        return (agent if agent.isprintable() else _printable(agent))[:_MAX_MANAGER] or "unknown"

    def context(self, subresource: str = "") -> Context:
        """What the kind's strategy may know."""
        user, version = self.user, self.served.version.name
        return Context(
            self.now, user.name, subresource, self.dry_run, self.warnings, user.uid, user.groups, user.extra, version
        )


class Outcome(msgspec.Struct, frozen=True):
    """An answer: the object's bytes in the storage version, or a document of its own (``Status``, ``Scale``…)."""

    code: int = 200
    raw: bytes = b""
    document: Object | None = None


def manager_errors(name: str) -> list[FieldError]:
    """What is wrong with a ``fieldManager``."""
    found = [too_long("fieldManager", name, _MAX_MANAGER)] if len(name.encode()) > _MAX_MANAGER else []
    at = 0
    for letter in name[:_MAX_MANAGER]:
        if not letter.isprintable():
            found.append(invalid("fieldManager", name, f"invalid character U+{ord(letter):04X} (at position {at})"))
        at += len(letter.encode())
    return found


def _printable(text: str) -> str:
    """Without the letters that are not."""
    return "".join(letter for letter in text if letter.isprintable())
