import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.apiserver.admission.nodelabels import forbidden, may_set


@pytest.mark.parametrize(
    "key",
    ["mine", "example.com/role", "kubernetes.io/hostname", "kubernetes.io/arch", "node.kubernetes.io/anything",
     "kubelet.kubernetes.io/x", "sub.node.kubernetes.io/x", "topology.kubernetes.io/zone"],
)  # fmt: skip
def test_a_node_may_call_itself(key: str) -> None:
    assert may_set(key)


@pytest.mark.parametrize(
    "key",
    ["node-restriction.kubernetes.io/secure", "a.node-restriction.kubernetes.io/x", "kubernetes.io/role",
     "node-role.kubernetes.io/control-plane", "k8s.io/x", "a.k8s.io/x", "topology.kubernetes.io/rack"],
)  # fmt: skip
def test_a_node_may_not_call_itself(key: str) -> None:
    assert not may_set(key)


LABELS = st.dictionaries(
    st.sampled_from(["mine", "kubernetes.io/role", "node-restriction.kubernetes.io/a"]), st.sampled_from(["", "1", "2"])
)


@given(LABELS, LABELS)
def test_what_did_not_change_is_never_held_against_it(new: dict[str, str], old: dict[str, str]) -> None:
    found = forbidden(new, old)
    assert found == sorted(key for key in {*new, *old} if not may_set(key) and new.get(key) != old.get(key))
    assert forbidden(new, new) == []
