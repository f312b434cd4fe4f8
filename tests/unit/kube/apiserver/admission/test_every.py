import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.apiserver.admission.asking import account, create, namespace, needs, pod
from tests.unit.kube.apiserver.admission.test_ownerreferences import Known
from wherry.kube.apiserver.admission.every import Admission, Chosen, asked, plugins
from wherry.kube.apiserver.admission.plugin import PODS, Plugin
from wherry.kube.apiserver.model import AdmissionRequest, Operation
from wherry.kube.machinery.model import GroupResource
from wherry.kube.machinery.status import StatusError

UPSTREAM = [
    "NamespaceLifecycle", "LimitRanger", "ServiceAccount", "NodeRestriction", "TaintNodesByCondition", "PodSecurity",
    "Priority", "DefaultTolerationSeconds", "DefaultStorageClass", "StorageObjectInUseProtection",
    "OwnerReferencesPermissionEnforcement", "PersistentVolumeClaimResize", "RuntimeClass", "CertificateApproval",
    "CertificateSigning", "ClusterTrustBundleAttest", "CertificateSubjectRestriction", "DefaultIngressClass",
    "DenyServiceExternalIPs", "PodTopologyLabels", "ResourceQuota",
]  # fmt: skip


def test_plugins_come_in_upstreams_order() -> None:
    assert [each.name for each in plugins(needs(), Known())] == ["CustomResourceLifecycle", *UPSTREAM]
    assert "OwnerReferencesPermissionEnforcement" not in [each.name for each in plugins(needs())]


def test_most_writes_ask_few() -> None:
    admission = Admission(plugins(needs()))
    things = GroupResource("example.com", "things")
    chosen = admission.chosen(things, Operation.CREATE, "")
    assert [each.name for each in chosen.plugins] == ["CustomResourceLifecycle", "NamespaceLifecycle", "ResourceQuota"]
    assert [len(chosen.admit), len(chosen.validate)] == [2, 1]  # each has something to say in one of the two rounds
    updates = admission.chosen(things, Operation.UPDATE, "status")
    assert [each.name for each in updates.plugins] == ["NamespaceLifecycle"]
    assert admission.chosen(things, Operation.DELETE, "") == Chosen((), (), ())
    assert admission.chosen(things, Operation.CREATE, "") is admission.chosen(things, Operation.CREATE, "")


def test_kinds_for_which_the_same_care_have_that_in_common() -> None:
    admission = Admission(plugins(needs()))
    one, other = (admission.chosen(GroupResource(each, "things"), Operation.CREATE, "") for each in ("a.com", "b.com"))
    assert one is other and one is not admission.chosen(PODS, Operation.CREATE, "")


@given(
    st.sampled_from([PODS, GroupResource("", "nodes"), GroupResource("", "services"), GroupResource("x", "things")]),
    st.sampled_from(list(Operation)),
    st.sampled_from(["", "status", "eviction", "resize", "token"]),
)
def test_who_is_chosen_is_who_says_so(resource: GroupResource, operation: Operation, subresource: str) -> None:
    every = plugins(needs())
    chosen = Admission(every).chosen(resource, operation, subresource).plugins
    assert list(chosen) == [each for each in every if each.handles(resource, operation, subresource)]


async def test_a_pod_goes_through_all_of_them() -> None:
    wanted = needs(namespace(), account())
    chosen = Admission(plugins(wanted)).chosen(PODS, Operation.CREATE, "")
    request = create(pod())
    await asked((*chosen.admit, *chosen.validate), request)
    assert request.object is not None
    spec = request.object["spec"]
    assert spec["serviceAccountName"] == "default" and spec["priority"] == 0 and len(spec["tolerations"]) == 2


async def test_the_first_that_refuses_decides() -> None:
    seen = []

    class Says(Plugin):
        def __init__(self, name: str, refuses: bool) -> None:
            self.name, self._refuses = name, refuses

        def validate(self, request: AdmissionRequest) -> None:
            seen.append(self.name)
            if self._refuses:
                raise StatusError(403, "Forbidden", self.name)

    class SaysLater(Says):
        async def validate(self, request: AdmissionRequest) -> None:  # type: ignore[override]  # a plugin may be either
            await asyncio.sleep(0)
            super().validate(request)

    for quick, slow in ((Says, SaysLater), (SaysLater, Says)):
        seen.clear()
        chosen = Admission([quick("a", False), slow("b", True), quick("c", True)]).chosen(PODS, Operation.CREATE, "")
        assert (len(chosen.plugins), chosen.admit) == (3, ())
        with pytest.raises(StatusError, match="b"):
            await asked(chosen.validate, create(pod()))
        assert seen == ["a", "b"]


def test_memory_of_choices_is_bounded() -> None:
    admission = Admission(plugins(needs()))
    for number in range(5000):
        admission.chosen(GroupResource("example.com", f"things{number}"), Operation.CREATE, "")
    assert len(admission._chosen) <= 4096
