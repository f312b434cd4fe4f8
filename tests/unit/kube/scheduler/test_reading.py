"""Reading pods."""

import pytest
from hypothesis import given

from tests.unit.kube.scheduler.objects import WEB, pod, pod_affinity, read, spread
from tests.unit.kube.scheduler.worlds import pods
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import Requirement
from wherry.kube.machinery.taints import Toleration
from wherry.kube.scheduler.model import Disk, HostPort, Owner, Volume
from wherry.kube.scheduler.reading import Reader, image_name, is_over, owner_of, shape_of

NEAR = pod_affinity("podAffinity")
TOKEN = {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
CLAIM = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
RESIZED = {"containerStatuses": [{"name": "c", "resources": {"requests": {"cpu": "3"}}}]}


@given(pods("a", "n0"), pods("b"))
def test_pods_share_a_shape_exactly_when_they_ask_for_the_same(one: Object, other: Object) -> None:
    reader = Reader()
    shapes = [reader.pod(one).shape, reader.pod(other).shape]
    fields = [{name: getattr(each, name) for name in each.__struct_fields__} for each in shapes]
    if shapes[0] is shapes[1]:
        assert fields[0] == fields[1]
    assert reader.pod({**one, "metadata": {**one["metadata"], "name": "c", "uid": "c"}}).shape is shapes[0]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (pod("a", labels=WEB), pod("b", "n", labels={"x": "y"}), True),
        (pod("a"), pod("b", status={"phase": "Running"}), True),
        (pod("a"), pod("b", cpu="1"), False),
        (pod("a"), pod("b", priority=1), False),
        (pod("a"), pod("b", status=RESIZED), False),
        (pod("a"), pod("b", namespace="x"), True),
        (pod("a", volumes=[TOKEN | {"name": "t-1"}]), pod("b", volumes=[TOKEN | {"name": "t-2"}]), True),
        (pod("a", volumes=[CLAIM]), pod("b", volumes=[CLAIM | {"name": "other"}]), True),
        (pod("a", volumes=[CLAIM]), pod("b"), False),
        (pod("a", volumes=[{"name": "x", "ephemeral": {}}]), pod("b", volumes=[{"name": "y", "ephemeral": {}}]), False),
        (pod("a", volumes=[{"rbd": {"image": "x"}}]), pod("b", volumes=[{"rbd": {"image": "y"}}]), False),
        (pod("a", affinity=NEAR), pod("b", affinity=NEAR, namespace="x"), False),
        (
            pod("a", labels={"v": "1"}, topologySpreadConstraints=[spread(matchLabelKeys=["v"])]),
            pod("b", labels={"v": "2"}, topologySpreadConstraints=[spread(matchLabelKeys=["v"])]),
            False,
        ),
    ],
)  # fmt: skip
def test_what_makes_a_shape(one: Object, other: Object, same: bool) -> None:
    reader = Reader()
    first, second = reader.pod(one), reader.pod(other)
    assert (first.shape is second.shape) is same


def test_a_shape_that_nobody_has_is_forgotten() -> None:
    reader = Reader()
    first = reader.pod(pod("a"))
    assert len(reader._shapes) == 1
    del first
    assert len(reader._shapes) == 0


def test_what_is_read_of_a_pod() -> None:
    reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": "u", "controller": True}
    meta = {"creationTimestamp": "c", "ownerReferences": [{"kind": "Other"}, reference], "deletionTimestamp": "d"}
    disrupted = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
    found = read(pod("p", "n", labels=WEB, meta=meta, status={
        "startTime": "s", "nominatedNodeName": "m", "conditions": [disrupted],
    }))  # fmt: skip
    assert (found.node, found.nominated, found.created, found.started) == ("n", "m", "c", "s")
    assert found.labels == WEB and found.owner == Owner("apps/v1", "ReplicaSet", "x", "u")
    assert found.is_ending and found.preempted
    assert not read(pod("p", "n", status={"conditions": [disrupted]})).preempted


def test_what_is_read_of_a_specification() -> None:
    spec = {
        "schedulerName": "mine", "priority": 7, "preemptionPolicy": "Never", "schedulingGates": [{"name": "g"}],
        "tolerations": [{"key": "k", "operator": "Exists"}, {"key": "j", "value": "v", "effect": "NoExecute"}],
        "initContainers": [
            {"name": "once", "image": "setup", "ports": [{"hostPort": 1}]},
            {"name": "beside", "image": "proxy:2", "restartPolicy": "Always", "ports": [{"hostPort": 2}]},
        ],
        "volumes": [
            {"name": "a", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "b", "ephemeral": {}},
            {"name": "c", "emptyDir": {}}, {"name": "d", "awsElasticBlockStore": {"volumeID": "x"}},
        ],
    }  # fmt: skip
    shape = read(pod("p", host_port=80, image="demo", **spec)).shape
    assert (shape.scheduler, shape.priority, shape.never_preempts, shape.gates) == ("mine", 7, True, ("g",))
    assert shape.tolerations == (Toleration("k", True, "", ""), Toleration("j", False, "v", "NoExecute"))
    assert shape.ports == (HostPort("TCP", 80, "0.0.0.0"), HostPort("TCP", 2, "0.0.0.0"))
    assert shape.images == ("setup:latest", "proxy:2", "demo:latest")
    assert shape.volumes == (Volume("data"), Volume("b", True))
    assert shape.disks == (Disk("awsElasticBlockStore", ("x",), False),)


def test_with_the_nodes_network_every_port_is_one_of_the_nodes() -> None:
    obj = pod("p")
    obj["spec"]["containers"][0]["ports"] = [{"containerPort": 8080, "protocol": "UDP"}]
    assert read(obj).shape.ports == ()
    obj["spec"]["hostNetwork"] = True
    assert read(obj).shape.ports == (HostPort("UDP", 8080, "0.0.0.0"),)


def test_constraints_mean_the_pods_own_values_of_label_keys() -> None:
    constraint = spread(skew=2, hard=False, matchLabelKeys=["hash", "absent"], nodeAffinityPolicy="Ignore")
    obj = pod("p", labels={"hash": "1"}, topologySpreadConstraints=[constraint])
    (found,) = shape_of(obj).spreads
    assert found.selector.requirements == (Requirement("app", "=", ("web",)), Requirement("hash", "in", ("1",)))
    assert (found.max_skew, found.hard, found.min_domains) == (2, False, 1)
    assert not found.honors_affinity and not found.honors_taints


@pytest.mark.parametrize(
    ("image", "name"),
    [("demo", "demo:latest"), ("demo:1", "demo:1"), ("host:5000/demo", "host:5000/demo:latest"),
     ("host/demo@sha256:ab", "host/demo@sha256:ab")],
)  # fmt: skip
def test_images_have_tags(image: str, name: str) -> None:
    assert image_name(image) == name


def test_who_has_ended_takes_no_place() -> None:
    phases = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
    assert [is_over(pod(status={"phase": phase})) for phase in phases] == [False, False, True, True, False]
    assert owner_of({"ownerReferences": [{"kind": "X"}]}) is None
