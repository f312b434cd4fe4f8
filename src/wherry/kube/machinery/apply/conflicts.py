"""Conflicts of an apply, told as upstream tells them (apimachinery, pkg/util/managedfields/internal/conflict.go)."""

from collections.abc import Mapping

from wherry.kube.machinery.apply.entries import Owner
from wherry.kube.machinery.apply.fieldsets import FieldSet, path_text, paths
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.patches.gotext import quoted
from wherry.kube.machinery.status import StatusError, apply_conflict


def refusal(found: Mapping[Owner, FieldSet]) -> StatusError:
    """409: whose fields the apply would change."""
    causes: list[Object] = []
    lines: list[str] = []
    for owner in sorted(found):
        name = _named(owner)
        lines.append(f"conflicts with {name}:")
        for path in paths(found[owner]):
            text = path_text(path)
            causes.append({"reason": "FieldManagerConflict", "message": f"conflict with {name}", "field": text})
            lines.append(f"- {text}")
    if len(causes) == 1:
        said = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        said = f"Apply failed with {len(causes)} conflicts: " + "\n".join(lines)
    return apply_conflict(causes, said)


def _named(owner: Owner) -> str:
    name = quoted(owner.manager)
    if owner.subresource:
        name = f"{name} with subresource {quoted(owner.subresource)}"
    return f"{name} using {owner.api_version}" if owner.operation == "Update" else name
