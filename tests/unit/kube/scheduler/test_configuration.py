"""Upstream's file of settings for the scheduler."""

from typing import Any

import pytest

from wherry.kit.errors import Invalid
from wherry.kube.scheduler.configuration import KIND, VERSION, options_of
from wherry.kube.scheduler.options import WEIGHTS, Options, Profile, Strategy
from wherry.kube.scheduler.refusals import Plugin


def read(**fields: Any) -> Options:
    return options_of({"apiVersion": VERSION, "kind": KIND, **fields})


def profile(**fields: Any) -> Profile:
    (found,) = read(profiles=[{"schedulerName": "mine", **fields}]).profiles
    return found


def plugins(**points: Any) -> Profile:
    return profile(plugins=points)


def test_nothing_said_is_upstreams_default() -> None:
    assert read() == read(profiles=[{}]) == read(parallelism=16, leaderElection={"leaderElect": False}) == Options()


def test_what_holds_for_all() -> None:
    found = read(
        percentageOfNodesToScore=40, podInitialBackoffSeconds=2, podMaxBackoffSeconds=20,
        profiles=[{}, {"schedulerName": "b", "percentageOfNodesToScore": 5}, {"schedulerName": "c",
                   "percentageOfNodesToScore": 0}],
    )  # fmt: skip
    assert (found.initial_backoff, found.maximum_backoff) == (2.0, 20.0)
    assert [(each.name, each.percentage) for each in found.profiles] == [
        ("default-scheduler", 40), ("b", 5), ("c", None),
    ]  # fmt: skip


def test_plugins_are_disabled_and_weighed() -> None:
    found = plugins(
        multiPoint={"disabled": [{"name": "ImageLocality"}], "enabled": [{"name": "NodeAffinity", "weight": 7}]},
        score={"disabled": [{"name": "TaintToleration"}], "enabled": [{"name": "PodTopologySpread", "weight": 9}]},
        filter={"disabled": [{"name": "NodePorts"}]},
        postFilter={"disabled": [{"name": "*"}]},
    )
    assert found.disabled == {Plugin.IMAGES, Plugin.PORTS, Plugin.PREEMPTION}
    assert (found.weight(Plugin.NODE_AFFINITY), found.weight(Plugin.TAINTS), found.weight(Plugin.SPREAD)) == (7, 0, 9)
    assert found.has(Plugin.TAINTS)


def test_all_can_be_disabled_and_some_enabled_again() -> None:
    found = plugins(score={"disabled": [{"name": "*"}], "enabled": [{"name": "NodeResourcesFit", "weight": 1}]})
    assert {plugin for plugin in WEIGHTS if found.weight(plugin)} == {Plugin.RESOURCES}
    assert not found.disabled
    bare = plugins(multiPoint={"disabled": [{"name": "*"}], "enabled": [{"name": "NodeResourcesFit"}]})
    assert bare.disabled == set(Plugin) - {Plugin.RESOURCES}


def with_args(name: str, **args: Any) -> Profile:
    kind = {"apiVersion": VERSION, "kind": f"{name}Args"}
    return profile(pluginConfig=[{"name": name, "args": {**kind, **args}}])


def test_arguments_of_plugins() -> None:
    fit = with_args("NodeResourcesFit", scoringStrategy={"type": "MostAllocated"}, ignoredResources=["a/b"],
                    ignoredResourceGroups=["c"])  # fmt: skip
    assert (fit.strategy, fit.ignored_resources) == (Strategy.MOST_ALLOCATED, {"a/b", "c"})
    constraint = {"maxSkew": 3, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}
    (spread,) = with_args("PodTopologySpread", defaultingType="List", defaultConstraints=[constraint]).spreads or ()
    assert (spread.topology_key, spread.max_skew, spread.hard) == ("zone", 3, False)
    assert with_args("PodTopologySpread", defaultingType="List").spreads == ()
    assert with_args("PodTopologySpread").spreads is None
    assert with_args("InterPodAffinity", hardPodAffinityWeight=5).hard_pod_affinity_weight == 5
    victims = with_args("DefaultPreemption", minCandidateNodesPercentage=50, minCandidateNodesAbsolute=7)
    assert (victims.victim_percentage, victims.victim_nodes) == (50, 7)
    term = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
    added = with_args("NodeAffinity", addedAffinity={
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]},
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 3, "preference": term}],
    })  # fmt: skip
    assert added.added_affinity is not None and len(added.added_affinity) == 1
    assert [each.weight for each in added.added_preferences] == [3]
    slow = read(profiles=[{"pluginConfig": [{"name": "VolumeBinding", "args": {"bindTimeoutSeconds": 30}}]}])
    assert slow.volume_timeout == 30.0


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"kind": "Pod"}, "has to be of apiVersion"),
        ({"extenders": [{"urlPrefix": "x"}]}, "extenders: there is no such setting here"),
        ({"profiles": [{}, {}]}, "two have the schedulerName default-scheduler"),
        ({"profiles": {}, "podInitialBackoffSeconds": "x"}, "podInitialBackoffSeconds has to be a number"),
        ({"profiles": {"a": 1}}, "profiles has to be a list"),
        ({"profiles": ["x"]}, r"profiles\[0\] has to be an object"),
        ({"podMaxBackoffSeconds": 0}, "podInitialBackoffSeconds has to be positive"),
        ({"profiles": [{"percentageOfNodesToScore": 101}]}, "from 0 to 100"),
    ],
)
def test_what_it_cannot_be_is_said(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read(**fields)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"plugins": {"permit": {"enabled": [{"name": "x"}]}}}, "plugins.permit: plugins can be chosen for"),
        ({"plugins": {"score": {"enabled": [{"name": "Mine"}]}}}, "there is no plugin 'Mine'"),
        ({"plugins": {"multiPoint": {"disabled": [{"name": "NodeName"}]}}}, "NodeName cannot be disabled"),
        ({"plugins": {"filter": {"disabled": [{"name": "NodeAffinity"}]}}}, "NodeAffinity also scores"),
        ({"pluginConfig": [{"name": "ImageLocality", "args": {"x": 1}}]}, "takes no arguments"),
        ({"pluginConfig": [{"name": "NodeResourcesFit", "args": {"scoringStrategy": {"type": "X"}}}]}, "X is not one"),
        ({"pluginConfig": [{"name": "NodeResourcesFit", "args": {
            "scoringStrategy": {"resources": [{"name": "a/b", "weight": 3}]}}}]}, "only cpu and memory are scored"),
        ({"pluginConfig": [{"name": "PodTopologySpread", "args": {"defaultingType": "X"}}]}, "X is not one of System"),
        ({"pluginConfig": [{"name": "PodTopologySpread", "args": {"defaultConstraints": [{}]}}]}, "there are none"),
        ({"pluginConfig": [{"name": "PodTopologySpread", "args": {
            "defaultingType": "List", "defaultConstraints": [{}]}}]}, "needs a topologyKey"),
        ({"pluginConfig": [{"name": "InterPodAffinity", "args": {
            "ignorePreferredTermsOfExistingPods": True}}]}, "never ignored"),
    ],
)  # fmt: skip
def test_what_a_profile_cannot_be_is_said(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        profile(**fields)


def test_plugins_that_always_do_their_work_may_be_named() -> None:
    assert plugins(multiPoint={"enabled": [{"name": "DefaultBinder"}]}) == profile()
