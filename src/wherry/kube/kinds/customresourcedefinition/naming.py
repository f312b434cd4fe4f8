"""The names that a definition asks for and gets, and the approval that groups of Kubernetes' own need
(k8s.io/apiextensions-apiserver pkg/apihelpers)."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, required
from wherry.kube.machinery.model import Object

APPROVAL = "api-approved.kubernetes.io"
_PROTECTED = ("k8s.io", "kubernetes.io")
_MORE = "see https://github.com/kubernetes/enhancements/pull/1111"


def name_errors(found: Object, path: Path) -> Iterator[FieldError]:
    """Of ``spec.names`` or ``status.acceptedNames``: what is there, looks like names."""
    for field in ("plural", "singular"):
        value = found.get(field, "")
        if value and (problems := names.dns1035_label(value)):
            yield invalid(path.child(field), value, ",".join(problems))
    for field in ("kind", "listKind"):
        value = found.get(field, "")
        if value and (problems := names.dns1035_label(value.lower())):
            detail = f"may have mixed case, but should otherwise match: {','.join(problems)}"
            yield invalid(path.child(field), value, detail)
    if found.get("kind") and found["kind"] == found.get("listKind"):
        yield invalid(path.child("listKind"), found["listKind"], "kind and listKind may not be the same")
    for field in ("shortNames", "categories"):
        for position, value in enumerate(found.get(field) or ()):
            if problems := names.dns1035_label(value):
                yield invalid(path.child(field).index(position), value, ",".join(problems))


class Approval(msgspec.Struct, frozen=True):
    """Of a definition in a group of Kubernetes' own. ``reason`` is the condition's; ``message`` is for people."""

    reason: str
    message: str

    @property
    def is_given(self) -> bool:
        return self.reason == "ApprovedAnnotation"


def approval(crd: Object) -> Approval | None:
    """None for groups that need none."""
    group = crd["spec"].get("group", "")
    if not any(group == each or group.endswith(f".{each}") for each in _PROTECTED):
        return None
    said = (crd["metadata"].get("annotations") or {}).get(APPROVAL, "")
    if not said:
        needed = f'protected groups must have approval annotation "{APPROVAL}"'
        return Approval("MissingAnnotation", f"{needed}, {_MORE}")
    if said.startswith("unapproved"):
        return Approval("UnapprovedAnnotation", f"not approved: {json.dumps(said, ensure_ascii=False)}")
    if _is_url(said):
        return Approval("ApprovedAnnotation", f"approved in {said}")
    either = 'with either a URL or a reason starting with "unapproved"'
    detail = f'protected groups must have approval annotation "{APPROVAL}" {either}, {_MORE}'
    return Approval("InvalidAnnotation", detail)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


def approval_errors(crd: Object, old: Object | None) -> Iterator[FieldError]:
    """A new definition says who approved it, or that nobody did; an old one need not change."""
    found = approval(crd)
    if found is None or found.reason in ("ApprovedAnnotation", "UnapprovedAnnotation"):
        return
    before = approval(old) if old is not None else None
    if before is not None and before.reason == found.reason:
        return
    path = Path("metadata").child("annotations").key(APPROVAL)
    if found.reason == "MissingAnnotation":
        yield required(path, found.message)
    else:
        yield invalid(path, crd["metadata"]["annotations"][APPROVAL], found.message)
