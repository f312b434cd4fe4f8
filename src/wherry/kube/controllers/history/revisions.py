"""Which revision a template is, and which are no longer needed: pure."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from wherry.kube.controllers.podcontrol.templates import is_same, template_hash
from wherry.kube.machinery.model import Object

REVISION_HASH = "controller-revision-hash"
"""Label of a pod: which revision it is of."""
HASH = "controller.kubernetes.io/hash"
"""Label of a revision: what its name ends with."""
_BASE_LENGTH = 223
"""Characters of the owner's name in the revision's (history.ControllerRevisionName)."""


def data_of(template: Object) -> Object:
    return {"spec": {"template": {**template, "$patch": "replace"}}}


def template_of(revision: Object) -> Object:
    """The template that was."""
    template = ((revision.get("data") or {}).get("spec") or {}).get("template") or {}
    return {name: value for name, value in template.items() if name != "$patch"}


def number_of(revision: Object) -> int:
    found: int = revision.get("revision") or 0
    return found


def in_order(revisions: Iterable[Object]) -> list[Object]:
    """The oldest first."""

    def place(each: Object) -> tuple[int, str, str]:
        return number_of(each), each["metadata"].get("creationTimestamp") or "", each["metadata"]["name"]

    return sorted(revisions, key=place)


def revision_of(owner: Object, number: int, collisions: int, reference: Object) -> Object:
    """A new one, of the owner's template."""
    template, meta = owner["spec"]["template"], owner["metadata"]
    hashed = template_hash(template, collisions)
    labels = {**(template.get("metadata", {}).get("labels") or {}), HASH: hashed, REVISION_HASH: hashed}
    made: Object = {"name": f"{meta['name'][:_BASE_LENGTH]}-{hashed}", "namespace": meta.get("namespace", "")}
    made["labels"] = labels
    if meta.get("annotations"):
        made["annotations"] = dict(meta["annotations"])
    made["ownerReferences"] = [reference]
    data = data_of(template)
    return {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": made, "data": data, "revision": number}


class Found(msgspec.Struct, frozen=True):
    """The latest revision of a template, None when there is none; ``number`` is the one that it is to have."""

    revision: Object | None
    number: int


def find(template: Object, revisions: Sequence[Object]) -> Found:
    """``revisions`` in order."""
    same = [each for each in revisions if is_same(template_of(each), template)]
    if not same:
        return Found(None, number_of(revisions[-1]) + 1 if revisions else 1)
    if revisions[-1] is same[-1]:
        return Found(same[-1], number_of(same[-1]))
    return Found(same[-1], number_of(revisions[-1]) + 1)


def surplus(revisions: Sequence[Object], live: Collection[str], limit: int | None) -> list[Object]:
    """Those to delete, the oldest first, so that ``limit`` (negative or None: all) are left of those whose names are
    not among the ``live``. ``revisions`` in order."""
    if limit is None or limit < 0:
        return []
    idle = [each for each in revisions if each["metadata"]["name"] not in live]
    return idle[: max(len(idle) - limit, 0)]
