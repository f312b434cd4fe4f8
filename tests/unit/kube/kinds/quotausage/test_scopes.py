import pytest

from wherry.kube.kinds.quotausage.scopes import is_best_effort, matches, uses_other_namespaces
from wherry.kube.machinery.model import GroupResource, Object

PODS = GroupResource("", "pods")
CLAIMS = GroupResource("", "persistentvolumeclaims")


def scoped(*scopes: str) -> Object:
    return {"spec": {"scopes": list(scopes)}}


def selected(scope: str, operator: str, *values: str) -> Object:
    expression = {"scopeName": scope, "operator": operator, "values": list(values)}
    return {"spec": {"scopeSelector": {"matchExpressions": [expression]}}}


def pod(**spec: object) -> Object:
    return {"metadata": {}, "spec": spec}


BUSY = {"containers": [{"resources": {"requests": {"cpu": "1"}}}]}


@pytest.mark.parametrize(
    ("quota", "obj", "is_selected"),
    [
        ({"spec": {}}, pod(), True),
        (scoped("Terminating"), pod(activeDeadlineSeconds=0), True),
        (scoped("Terminating"), pod(), False),
        (scoped("NotTerminating"), pod(), True),
        (scoped("NotTerminating"), pod(activeDeadlineSeconds=5), False),
        (scoped("BestEffort"), pod(containers=[{}]), True),
        (scoped("BestEffort"), pod(**BUSY), False),
        (scoped("NotBestEffort"), pod(**BUSY), True),
        (scoped("NotBestEffort", "Terminating"), pod(**BUSY), False),
        (selected("PriorityClass", "In", "high"), pod(priorityClassName="high"), True),
        (selected("PriorityClass", "In", "high"), pod(), False),
        (selected("PriorityClass", "NotIn", "high"), pod(), True),
        (selected("PriorityClass", "NotIn", "high"), pod(priorityClassName="high"), False),
        (selected("PriorityClass", "Exists"), pod(priorityClassName="low"), True),
        (selected("PriorityClass", "DoesNotExist"), pod(priorityClassName="low"), False),
        (selected("PriorityClass", "DoesNotExist"), pod(), True),
        (scoped("CrossNamespacePodAffinity"), pod(), False),
        (scoped("SomethingNew"), pod(), False),
    ],
)
def test_a_quota_selects_pods(quota: Object, obj: Object, is_selected: bool) -> None:
    assert matches(quota, PODS, obj) is is_selected


def test_a_scope_of_pods_selects_nothing_else() -> None:
    assert not matches(scoped("BestEffort"), GroupResource("", "secrets"), {})
    assert matches({"spec": {}}, GroupResource("", "secrets"), {})


def test_claims_are_selected_by_the_class_they_have_or_want() -> None:
    quota = selected("VolumeAttributesClass", "In", "fast")
    assert matches(quota, CLAIMS, {"spec": {"volumeAttributesClassName": "fast"}})
    assert matches(quota, CLAIMS, {"spec": {}, "status": {"currentVolumeAttributesClassName": "fast"}})
    assert not matches(quota, CLAIMS, {"spec": {}}) and not matches(scoped("Terminating"), CLAIMS, {"spec": {}})


@pytest.mark.parametrize("kind", ["podAffinity", "podAntiAffinity"])
@pytest.mark.parametrize("term", [{"namespaces": ["x"]}, {"namespaceSelector": {}}])
def test_affinity_across_namespaces_is_seen(kind: str, term: Object) -> None:
    required = {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    preferred = {kind: {"preferredDuringSchedulingIgnoredDuringExecution": [{"podAffinityTerm": term}]}}
    assert uses_other_namespaces(required) and uses_other_namespaces(preferred)
    assert not uses_other_namespaces({kind: {"requiredDuringSchedulingIgnoredDuringExecution": [{}]}})


@pytest.mark.parametrize("where", ["containers", "initContainers"])
def test_best_effort_asks_for_nothing_anywhere(where: str) -> None:
    assert is_best_effort({where: [{"resources": {"requests": {"cpu": "0", "example.com/gpu": "1"}}}]})
    assert not is_best_effort({where: [{"resources": {"limits": {"memory": "1"}}}]})
    assert not is_best_effort({"resources": {"requests": {"cpu": "1"}}})
