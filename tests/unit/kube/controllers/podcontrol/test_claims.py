import pytest

from tests.unit.kube.controllers.workloads import pod, workload
from wherry.kube.controllers.podcontrol.claims import claim
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import of_labels

WEB = workload("ReplicaSet")
SELECTOR = of_labels({"app": "web"})
GONE = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("controlled", "labels", "deleting", "expected"),
    [
        (True, {"app": "web"}, False, "mine"),
        (True, {"app": "web"}, True, "mine"),
        (True, {"app": "db"}, False, "release"),
        (True, {}, True, "release"),
        (False, {"app": "web"}, False, "adopt"),
        (False, {"app": "web"}, True, ""),
        (False, {"app": "db"}, False, ""),
    ],
)
def test_whose_a_pod_is(controlled: bool, labels: dict[str, str], deleting: bool, expected: str) -> None:
    found = pod("a", WEB if controlled else None, labels=labels, **({"deletionTimestamp": GONE} if deleting else {}))
    result = claim(WEB, SELECTOR, [found] if controlled else [], [] if controlled else [found])
    shown = [name for name in ("mine", "adopt", "release") if getattr(result, name)]
    assert shown == ([expected] if expected else [])


def test_an_owner_that_is_being_deleted_neither_adopts_nor_releases() -> None:
    dying: Object = {**WEB, "metadata": {**WEB["metadata"], "deletionTimestamp": GONE}}
    result = claim(dying, SELECTOR, [pod("a", WEB), pod("b", WEB, labels={})], [pod("c")])
    assert [each["metadata"]["name"] for each in result.mine] == ["a"] and not result.adopt and not result.release
