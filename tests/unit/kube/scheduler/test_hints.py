"""Which happenings may help whom."""

import pytest

from tests.unit.kube.scheduler.objects import WEB, node, pod, pod_affinity, read, spread
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.happenings import Change, Happening
from wherry.kube.scheduler.hints import ABOUT, may_help
from wherry.kube.scheduler.model import HOSTNAME
from wherry.kube.scheduler.nodes import Node
from wherry.kube.scheduler.refusals import Plugin

TAINT = {"key": "k", "effect": "NoSchedule"}
CLAIM = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
DISK = [{"name": "v", "gcePersistentDisk": {"pdName": "d"}}]


def machine(obj: Object) -> Node:
    found = Node("n")
    found.describe(obj)
    return found


def helps(plugin: Plugin, mine: Object, happening: Happening) -> bool:
    return may_help(read(mine), [plugin], happening, lambda namespace: {})


@pytest.mark.parametrize(
    ("plugin", "mine", "obj", "does"),
    [
        (Plugin.UNSCHEDULABLE, pod(), node(), True),
        (Plugin.UNSCHEDULABLE, pod(), node(unschedulable=True), False),
        (Plugin.TAINTS, pod(), node(taints=[TAINT]), False),
        (Plugin.TAINTS, pod(tolerations=[{"operator": "Exists"}]), node(taints=[TAINT]), True),
        (Plugin.NODE_AFFINITY, pod(nodeSelector={"disk": "ssd"}), node(), False),
        (Plugin.NODE_AFFINITY, pod(nodeSelector={"disk": "ssd"}), node(labels={"disk": "ssd"}), True),
        (Plugin.RESOURCES, pod(cpu="5"), node(cpu="4"), False),
        (Plugin.RESOURCES, pod(cpu="4"), node(cpu="4"), True),
        (Plugin.RESOURCES, pod(), node(pods="0"), False),
        (Plugin.PORTS, pod(host_port=80), node(), True),
        (Plugin.SPREAD, pod(topologySpreadConstraints=[spread()]), node(), True),
        (Plugin.DEVICES, pod(resourceClaims=[{"name": "x"}]), node(), False),
    ],
)
def test_a_new_node_helps_whom_it_could_hold(plugin: Plugin, mine: Object, obj: Object, does: bool) -> None:
    assert helps(plugin, mine, Happening(Change.NODE_NEW, node=machine(obj))) is does


@pytest.mark.parametrize(
    ("plugin", "mine", "gone", "does"),
    [
        (Plugin.RESOURCES, pod(cpu="1"), pod("o"), True),
        (Plugin.PORTS, pod(host_port=80), pod("o", host_port=81), False),
        (Plugin.PORTS, pod(host_port=80), pod("o", host_port=80), True),
        (Plugin.TAINTS, pod(), pod("o"), False),
        (Plugin.NODE_AFFINITY, pod(), pod("o"), False),
        (Plugin.SPREAD, pod(topologySpreadConstraints=[spread()]), pod("o", labels=WEB), True),
        (Plugin.SPREAD, pod(topologySpreadConstraints=[spread()]), pod("o", labels=WEB, namespace="x"), False),
        (Plugin.SPREAD, pod(topologySpreadConstraints=[spread()]), pod("o"), False),
        (Plugin.POD_AFFINITY, pod(affinity=pod_affinity("podAntiAffinity")), pod("o", labels=WEB), True),
        (Plugin.POD_AFFINITY, pod(affinity=pod_affinity("podAntiAffinity")), pod("o"), False),
        (Plugin.POD_AFFINITY, pod(labels=WEB), pod("o", affinity=pod_affinity("podAntiAffinity", HOSTNAME)), True),
        (Plugin.RESTRICTIONS, pod(volumes=CLAIM), pod("o", volumes=CLAIM), True),
        (Plugin.RESTRICTIONS, pod(volumes=DISK), pod("o", volumes=DISK), True),
        (Plugin.RESTRICTIONS, pod(volumes=CLAIM), pod("o"), False),
        (Plugin.LIMITS, pod(volumes=CLAIM), pod("o", volumes=CLAIM), True),
        (Plugin.LIMITS, pod(volumes=CLAIM), pod("o"), False),
        (Plugin.VOLUMES, pod(volumes=CLAIM), pod("o", volumes=CLAIM), False),
    ],
)
def test_who_goes_helps_those_in_whose_way_it_was(plugin: Plugin, mine: Object, gone: Object, does: bool) -> None:
    assert helps(plugin, mine, Happening(Change.POD_WENT, pod=read(gone))) is does


@pytest.mark.parametrize(
    ("mine", "came", "does"),
    [
        (pod(affinity=pod_affinity("podAffinity")), pod("o", labels=WEB), True),
        (pod(affinity=pod_affinity("podAffinity")), pod("o"), False),
        (pod(affinity=pod_affinity("podAntiAffinity")), pod("o", labels=WEB), False),
    ],
)
def test_who_comes_helps_those_that_want_to_be_near(mine: Object, came: Object, does: bool) -> None:
    assert helps(Plugin.POD_AFFINITY, mine, Happening(Change.POD_CAME, pod=read(came))) is does


@pytest.mark.parametrize("plugin", [Plugin.VOLUMES, Plugin.RESTRICTIONS, Plugin.LIMITS, Plugin.ZONES])
def test_a_claim_helps_who_uses_it(plugin: Plugin) -> None:
    assert helps(plugin, pod(volumes=CLAIM), Happening(Change.CLAIM, claim=("default", "data")))
    assert not helps(plugin, pod(volumes=CLAIM), Happening(Change.CLAIM, claim=("default", "other")))
    assert not helps(plugin, pod(volumes=CLAIM), Happening(Change.CLAIM, claim=("x", "data")))


def test_a_volume_may_help_everybody_who_wants_one() -> None:
    assert helps(Plugin.VOLUMES, pod(volumes=CLAIM), Happening(Change.VOLUME))
    assert not helps(Plugin.RESOURCES, pod(), Happening(Change.VOLUME))


def test_one_of_several_who_refused_is_enough_and_of_none_everything_is() -> None:
    mine, gone = read(pod(host_port=80)), Happening(Change.POD_WENT, pod=read(pod("o", host_port=80)))
    assert may_help(mine, [Plugin.TAINTS, Plugin.PORTS], gone, lambda namespace: {})
    assert may_help(mine, [], Happening(Change.VOLUME), lambda namespace: {})


def test_filters_that_look_at_pods_want_to_know_of_pods() -> None:
    watching = {plugin for plugin, changes in ABOUT.items() if Change.POD_WENT in changes}
    assert watching == {
        Plugin.PORTS, Plugin.RESOURCES, Plugin.RESTRICTIONS, Plugin.LIMITS, Plugin.SPREAD, Plugin.POD_AFFINITY,
    }  # fmt: skip
