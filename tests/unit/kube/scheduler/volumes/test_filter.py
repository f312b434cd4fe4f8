"""Pods and their volumes."""

import pytest

from tests.unit.kube.scheduler.objects import decided, facts, node, nominated, placed, pod, read, refused
from tests.unit.kube.scheduler.volumes.objects import claim, storage_class, volume, with_claim
from wherry.kube.scheduler.decision import Placed
from wherry.kube.scheduler.model import ZONE
from wherry.kube.scheduler.options import Profile
from wherry.kube.scheduler.plan import Facts
from wherry.kube.scheduler.refusals import Plugin

NO_HELP = "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."


def known_with_class(provisioner: str = "kubernetes.io/no-provisioner") -> Facts:
    known = facts([node("n", zone="a"), node("m", zone="b")])
    storage_class(known, "local", waits=True, provisioner=provisioner)
    return known


def test_claims_that_are_not_as_they_must_be_refuse_the_pod_as_a_whole() -> None:
    known = known_with_class()
    ending = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    claim(known, "lost", bound="pv", phase="Lost")
    claim(known, "ending", meta=ending)
    claim(known, "immediate", "none")
    claim(known, "promised", "local", volumeName="pv")
    unbound = "pod has unbound immediate PersistentVolumeClaims"
    for name, text in {
        "gone": 'persistentvolumeclaim "gone" not found',
        "lost": 'persistentvolumeclaim "lost" bound to non-existent persistentvolume "pv"',
        "ending": 'persistentvolumeclaim "ending" is being deleted',
        "immediate": unbound,
        "promised": unbound,
    }.items():
        assert refused(known, with_claim(pod(), name)) == f"0/2 nodes are available: {text}. {NO_HELP}"


def test_claims_of_its_own_are_made_by_somebody_else_for_the_pod() -> None:
    known = known_with_class("example.com/p")
    mine = pod(volumes=[{"name": "v", "ephemeral": {}}])
    assert 'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v"' in refused(known, mine)
    claim(known, "p-v", "local")
    assert "PVC default/p-v was not created for pod default/p (pod is not owner)" in refused(known, mine)
    claim(known, "p-v", "local", meta={"ownerReferences": [{"uid": "uid-default-p", "controller": True}]})
    assert placed(known, mine) in ("n", "m")


def test_a_bound_volume_draws_the_pod_to_its_node() -> None:
    known = known_with_class()
    volume(known, "pv", "local", node="m")
    claim(known, "data", "local", bound="pv")
    assert placed(known, with_claim(pod(), "data")) == "m"
    known.cluster.set_node(node("m", zone="b", unschedulable=True))
    assert refused(known, with_claim(pod(), "data")).startswith(
        "0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, "
        "1 node(s) were unschedulable."
    )
    claim(known, "data", "local", bound="gone")
    assert "1 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)" in refused(
        known, with_claim(pod(), "data")
    )


def test_a_claim_that_waits_gets_a_volume_of_the_node_that_is_chosen() -> None:
    known = known_with_class()
    claim(known, "data", "local")
    assert "2 node(s) didn't find available persistent volumes to bind" in refused(known, with_claim(pod(), "data"))
    volume(known, "pv", "local", node="m")
    found = decided(known, with_claim(pod(), "data"))
    assert isinstance(found, Placed) and found.node == "m"
    assert [(one.name, two.name) for one, two in found.volumes.bound] == [("data", "pv")]
    known.volumes.assume(found.volumes, "m")
    claim(known, "other", "local")
    assert "2 node(s) didn't find available persistent volumes to bind" in refused(known, with_claim(pod("q"), "other"))


def test_a_claim_that_is_provisioned_is_promised_the_node() -> None:
    known = known_with_class("example.com/local-path")
    claim(known, "data", "local")
    found = decided(known, with_claim(pod(), "data"))
    assert isinstance(found, Placed) and [each.name for each in found.volumes.provisioned] == ["data"]
    known.volumes.assume(found.volumes, found.node)
    assert {placed(known, with_claim(pod(f"q{number}"), "data")) for number in range(5)} == {found.node}


def test_volumes_of_a_zone_stay_there() -> None:
    known = known_with_class()
    volume(known, "pv", "local", labels={"failure-domain.beta.kubernetes.io/zone": "b"})
    claim(known, "data", "local", bound="pv")
    assert placed(known, with_claim(pod(), "data")) == "m"
    volume(known, "pv", "local", labels={ZONE: "x__y"})
    assert "2 node(s) had no available volume zone" in refused(known, with_claim(pod(), "data"))
    plain = facts([node("n")])
    volume(plain, "pv", labels={ZONE: "x"})
    claim(plain, "data", bound="pv")
    assert placed(plain, with_claim(pod(), "data")) == "n"


def test_one_pod_only_means_one_pod_only_and_the_more_important_gets_it() -> None:
    known = known_with_class()
    volume(known, "pv", "local")
    claim(known, "data", "local", bound="pv", modes=["ReadWriteOncePod"])
    one = with_claim(pod("one", "n"), "data")
    known.cluster.set_pod(read(one))
    text = "2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
    assert text in refused(known, with_claim(pod(), "data"))
    found = nominated(known, with_claim(pod(priority=5), "data"))
    assert found.node == "n" and [each.name for each in found.victims] == ["one"]


def test_a_node_has_so_many_volumes_of_a_driver_at_most() -> None:
    known = facts([node("n")])
    known.volumes.set_limits("n", {"d": 2})
    for number in range(4):
        volume(known, f"pv{number}", csi={"driver": "d", "volumeHandle": str(number)})
        claim(known, f"c{number}", bound=f"pv{number}")
    known.cluster.set_pod(read(with_claim(pod("one", "n"), "c0", "c1")))
    assert placed(known, with_claim(pod(), "c0")) == "n"
    assert "1 node(s) exceed max volume count" in refused(known, with_claim(pod(), "c2"))
    volume(known, "pv2", csi={"driver": "e", "volumeHandle": "2"})
    assert placed(known, with_claim(pod(), "c2")) == "n"


@pytest.mark.parametrize("plugin", [Plugin.VOLUMES, Plugin.ZONES, Plugin.LIMITS, Plugin.RESTRICTIONS])
def test_a_profile_may_not_ask(plugin: Plugin) -> None:
    known = facts([node("n", zone="a")])
    volume(known, "pv", labels={ZONE: "b"}, node="m", csi={"driver": "d", "volumeHandle": "h"})
    claim(known, "data", bound="pv", modes=["ReadWriteOncePod"])
    known.volumes.set_limits("n", {"d": 0})
    known.cluster.claims["default", "data"] = 1
    off = frozenset({Plugin.VOLUMES, Plugin.ZONES, Plugin.LIMITS, Plugin.RESTRICTIONS})
    assert placed(known, with_claim(pod(), "data"), Profile("all", off)) == "n"
    assert refused(known, with_claim(pod(), "data"), Profile(plugin.value, off - {plugin}))
