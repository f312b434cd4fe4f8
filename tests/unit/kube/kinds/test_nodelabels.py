"""Labels that are no longer to be used, wherever somebody may name them."""

import pytest

from wherry.kube.kinds import csistoragecapacity, persistentvolume, runtimeclass, storageclass
from wherry.kube.kinds.model import Kind
from wherry.kube.kinds.nodelabels import affinity_warnings, selector_warnings
from wherry.kube.kinds.podspec.warnings import pod_spec_warnings
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

OS, ZONE = "beta.kubernetes.io/os", "failure-domain.beta.kubernetes.io/zone"
OS_SAID = 'deprecated since v1.14; use "kubernetes.io/os" instead'
ZONE_SAID = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
TERM = {"matchExpressions": [{"key": "a", "operator": "Exists"}, {"key": ZONE, "operator": "Exists"}]}
HOW = "DuringSchedulingIgnoredDuringExecution"


def test_a_selector_names_them_in_two_ways() -> None:
    found = selector_warnings({**TERM, "matchLabels": {OS: "linux", "b": "c"}}, Path("at"))
    assert found == [f"at.matchExpressions[1].key: {ZONE} is {ZONE_SAID}", f"at.matchLabels.{OS}: {OS_SAID}"]
    assert selector_warnings(None, Path("at")) == selector_warnings({}, Path("at")) == []


def test_the_affinity_of_a_pod_names_them() -> None:
    affinity = {
        f"required{HOW}": {"nodeSelectorTerms": [{}, TERM]},
        f"preferred{HOW}": [{"weight": 1, "preference": TERM}],
    }
    said = f"matchExpressions[1].key: {ZONE} is {ZONE_SAID}"
    expected = [f"required{HOW}.nodeSelectorTerms[1].{said}", f"preferred{HOW}[0].preference.{said}"]
    assert affinity_warnings(affinity, Path("at")) == [f"at.{each}" for each in expected]
    assert pod_spec_warnings({"spec": {"affinity": {"nodeAffinity": affinity}}}) == [
        f"spec.affinity.nodeAffinity.{each}" for each in expected
    ]


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (runtimeclass.KIND, {"handler": "h", "scheduling": {"nodeSelector": {OS: "linux", "a": "b"}}},
         f"scheduling.nodeSelector: {OS_SAID}"),
        (storageclass.KIND, {"provisioner": "p", "allowedTopologies": [{"matchLabelExpressions": [{"key": ZONE}]}]},
         f"allowedTopologies[0].matchLabelExpressions[0].key: {ZONE_SAID}"),
        (csistoragecapacity.KIND, {"storageClassName": "s", "nodeTopology": {"matchLabels": {ZONE: "a"}}},
         f"nodeTopology.matchLabels.{ZONE}: {ZONE_SAID}"),
        (persistentvolume.KIND, {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [TERM]}}}},
         f"spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[1].key: {ZONE} is {ZONE_SAID}"),
    ],
)  # fmt: skip
def test_so_do_other_kinds(kind: Kind, fields: Object, said: str) -> None:
    assert kind.strategy.warnings({"metadata": {"name": "a"}, **fields}, None) == [said]
    assert kind.strategy.warnings({"metadata": {"name": "a"}}, None) == []
