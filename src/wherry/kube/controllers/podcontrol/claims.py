"""Which objects are a workload's: pure (k8s.io/kubernetes pkg/controller/controller_ref_manager.go)."""

from collections.abc import Iterable

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import LabelSelector


class Claim(msgspec.Struct, frozen=True):
    """``mine`` are controlled and selected; ``adopt`` are selected and nobody's; ``release`` are no longer selected."""

    mine: tuple[Object, ...]
    adopt: tuple[Object, ...] = ()
    release: tuple[Object, ...] = ()


def claim(
    owner: Object, selector: LabelSelector, controlled: Iterable[Object], orphans: Iterable[Object] = ()
) -> Claim:
    """``controlled`` have a reference to the owner, ``orphans`` have one to nobody. An owner that is being deleted
    neither adopts nor releases: what becomes of its objects is the garbage collector's business."""
    mine: list[Object] = []
    others: list[Object] = []
    for each in controlled:
        (mine if selector.matches(each["metadata"].get("labels")) else others).append(each)
    if "deletionTimestamp" in owner["metadata"]:
        return Claim(tuple(mine))
    wanted = [each for each in orphans if _may_adopt(each, selector)]
    return Claim(tuple(mine), tuple(wanted), tuple(others))


def _may_adopt(orphan: Object, selector: LabelSelector) -> bool:
    meta = orphan["metadata"]
    return "deletionTimestamp" not in meta and selector.matches(meta.get("labels"))
