"""Label selectors of constraints and terms. One that cannot be read selects nothing: the API does not let it in."""

from collections.abc import Iterable

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import NOTHING, LabelSelector, Requirement, of_object
from wherry.kube.machinery.status import StatusError
from wherry.kube.scheduler.model import Labels


def selector_of(document: Object | None) -> LabelSelector:
    """None selects nothing, an empty one everything."""
    try:
        return of_object(document)
    except StatusError:
        return NOTHING


def with_label_keys(
    selector: LabelSelector, keys: Iterable[str], labels: Labels, operator: str = "in"
) -> LabelSelector:
    """The selector that also wants (``notin``: does not want) the pod's own values of these labels. The API has
    written them into the selectors of pods that it made; then nothing is added."""
    added = tuple(
        requirement
        for key in keys
        if key in labels and (requirement := Requirement(key, operator, (labels[key],))) not in selector.requirements
    )
    return LabelSelector((*selector.requirements, *added), selector.nothing) if added else selector


def exact(selector: LabelSelector) -> tuple[str, str] | None:
    """A label with the one value that every pod must have which it selects; None: there is none such."""
    for each in selector.requirements:
        if each.operator in ("=", "==", "in") and len(each.values) == 1:
            return each.key, each.values[0]
    return None
