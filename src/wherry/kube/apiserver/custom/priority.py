"""The order of versions: v2 before v1 before v1beta2 before v1beta1 before v1alpha1, and others after these, by name
(k8s.io/apimachinery pkg/version: CompareKubeAwareVersionStrings)."""

import re
from collections.abc import Sequence

from wherry.kube.machinery.model import Object

_VERSION = re.compile(r"v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?", re.ASCII)
_STAGES = {"": 0, "beta": 1, "alpha": 2}


def priority(name: str) -> tuple[int, int, int, int, str]:
    """To sort by: the most preferred comes first."""
    found = _VERSION.fullmatch(name)
    if found is None:
        return 1, 0, 0, 0, name
    major, stage, minor = int(found[1]), found[2] or "", int(found[3] or 0)
    return 0, _STAGES[stage], -major, -minor, ""


def by_priority(versions: Sequence[Object]) -> list[Object]:
    """Versions of a definition, the preferred one first."""
    return sorted(versions, key=lambda version: priority(version["name"]))
