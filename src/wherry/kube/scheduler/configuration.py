"""Upstream's file of settings, KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1), as options of ours. Pure.

What a profile cannot be told here is refused by name: nobody is to believe that something holds which does not.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.nodeselectors import node_terms
from wherry.kube.machinery.selectors import NOTHING
from wherry.kube.scheduler.affinity import node_preferences
from wherry.kube.scheduler.model import Spread
from wherry.kube.scheduler.options import WEIGHTS, Options, Profile, Strategy
from wherry.kube.scheduler.refusals import Plugin

VERSION, KIND = "kubescheduler.config.k8s.io/v1", "KubeSchedulerConfiguration"
_WITHOUT_EFFECT = {"apiVersion", "kind", "parallelism", "clientConnection", "leaderElection", "enableProfiling",
                   "enableContentionProfiling", "delayCacheUntilActive"}  # fmt: skip
_ALWAYS = {"PrioritySort", "DefaultBinder", "NodeName", "SchedulingGates"}
"""Plugins that nobody can do without here."""
_PLUGINS = {plugin.value: plugin for plugin in Plugin}
_POINTS = ("multiPoint", "filter", "score", "postFilter")


def options_of(document: Object) -> Options:
    """Raises Invalid, naming the field."""
    if (document.get("apiVersion"), document.get("kind")) != (VERSION, KIND):
        raise Invalid(f"it has to be of apiVersion {VERSION} and kind {KIND}")
    known = {"profiles", "percentageOfNodesToScore", "podInitialBackoffSeconds", "podMaxBackoffSeconds"}
    _check(document, "", known | _WITHOUT_EFFECT)
    usual = Options()
    share = _number(document, "percentageOfNodesToScore", None)
    found = [_profile(each, f"profiles[{n}]", share) for n, each in enumerate(_list(document, "profiles", ""))]
    names = [profile.name for profile, _ in found]
    if len(set(names)) < len(names):
        raise Invalid(f"profiles: two have the schedulerName {max(names, key=names.count)}")
    first = _number(document, "podInitialBackoffSeconds", usual.initial_backoff)
    most = _number(document, "podMaxBackoffSeconds", usual.maximum_backoff)
    if not 0 < first <= most:
        raise Invalid("podInitialBackoffSeconds has to be positive, and podMaxBackoffSeconds no less")
    return replace(
        usual,
        profiles=tuple(profile for profile, _ in found) or (Profile(percentage=share),),
        initial_backoff=float(first),
        maximum_backoff=float(most),
        volume_timeout=max((seconds for _, seconds in found), default=usual.volume_timeout),
    )


def _profile(document: Object, path: str, share: int | None) -> tuple[Profile, float]:
    """The profile, and for how long claims may take to be bound."""
    _check(document, path, {"schedulerName", "percentageOfNodesToScore", "plugins", "pluginConfig"})
    own = _number(document, "percentageOfNodesToScore", share)
    if own is not None and not 0 <= own <= 100:
        raise Invalid(f"{path}.percentageOfNodesToScore has to be from 0 to 100")
    profile = Profile(name=document.get("schedulerName") or Profile().name, percentage=own or None)
    profile = _with_plugins(profile, document.get("plugins") or {}, f"{path}.plugins")
    seconds = Options().volume_timeout
    for number, each in enumerate(_list(document, "pluginConfig", path)):
        at = f"{path}.pluginConfig[{number}]"
        _check(each, at, {"name", "args"})
        args = {key: value for key, value in (each.get("args") or {}).items() if key not in ("apiVersion", "kind")}
        if each.get("name") == Plugin.VOLUMES.value:
            _check(args, f"{at}.args", {"bindTimeoutSeconds"})
            seconds = float(_number(args, "bindTimeoutSeconds", seconds))
        elif each.get("name") in _ARGUMENTS:
            profile = _ARGUMENTS[each["name"]](profile, args, f"{at}.args")
        elif args:
            raise Invalid(f"{at}: the plugin {each.get('name')} takes no arguments here")
    return profile, seconds


# Plugins.


def _with_plugins(profile: Profile, points: Object, path: str) -> Profile:
    for point, sets in points.items():
        if sets and point not in _POINTS:
            raise Invalid(f"{path}.{point}: plugins can be chosen for {', '.join(_POINTS)} only")
    disabled, weights = set[Plugin](), dict(profile.weights)
    for point in _POINTS:
        sets, at = points.get(point) or {}, f"{path}.{point}"
        _check(sets, at, {"enabled", "disabled"})
        for plugin in _off(_list(sets, "disabled", at), point, f"{at}.disabled"):
            if point == "score":
                weights[plugin] = 0
            elif point == "filter" and plugin in WEIGHTS:
                raise Invalid(
                    f"{at}.disabled: {plugin.value} also scores: disable it in multiPoint, or for score alone"
                )
            else:
                disabled.add(plugin)
        for each in _list(sets, "enabled", at):
            chosen = _plugin(each, f"{at}.enabled")
            if chosen is not None:
                disabled.discard(chosen)
                if chosen in WEIGHTS and point in ("multiPoint", "score"):
                    weights[chosen] = _number(each, "weight", None) or WEIGHTS[chosen]
    return replace(profile, disabled=frozenset(disabled), weights=weights)


def _off(listed: Iterable[Object], point: str, path: str) -> Iterable[Plugin]:
    for each in listed:
        if each.get("name") == "*":
            yield from (
                WEIGHTS if point == "score" else [Plugin.PREEMPTION] if point == "postFilter" else _optional(point)
            )
            continue
        plugin = _plugin(each, path)
        if plugin is None:
            raise Invalid(f"{path}: {each['name']} cannot be disabled")
        yield plugin


def _optional(point: str) -> Iterable[Plugin]:
    """What there is of it and can be done without: for ``filter``, what only filters."""
    filters = (each for each in Plugin if each not in WEIGHTS and each is not Plugin.PREEMPTION)
    return Plugin if point == "multiPoint" else filters


def _plugin(entry: Object, path: str) -> Plugin | None:
    """None: one that always does its work."""
    name = entry.get("name", "")
    if name in _ALWAYS:
        return None
    if name not in _PLUGINS:
        raise Invalid(f"{path}: there is no plugin {name!r}; there are {', '.join(sorted({*_PLUGINS, *_ALWAYS}))}")
    return _PLUGINS[name]


# Their arguments.


def _fit(profile: Profile, args: Object, path: str) -> Profile:
    _check(args, path, {"scoringStrategy", "ignoredResources", "ignoredResourceGroups"})
    strategy = args.get("scoringStrategy") or {}
    _check(strategy, f"{path}.scoringStrategy", {"type", "resources"})
    usual = [{"name": "cpu", "weight": 1}, {"name": "memory", "weight": 1}]
    if sorted(strategy.get("resources") or usual, key=str) != sorted(usual, key=str):
        raise Invalid(f"{path}.scoringStrategy.resources: only cpu and memory are scored, with the weight 1 each")
    kind = strategy.get("type") or Strategy.LEAST_ALLOCATED.value
    if kind not in {each.value for each in Strategy}:
        raise Invalid(f"{path}.scoringStrategy.type: {kind} is not one of {', '.join(each.value for each in Strategy)}")
    ignored = {*_list(args, "ignoredResources", path), *_list(args, "ignoredResourceGroups", path)}
    return replace(profile, strategy=Strategy(kind), ignored_resources=frozenset(ignored))


def _spread(profile: Profile, args: Object, path: str) -> Profile:
    _check(args, path, {"defaultConstraints", "defaultingType"})
    constraints = _list(args, "defaultConstraints", path)
    kind = args.get("defaultingType") or "System"
    if kind not in ("System", "List"):
        raise Invalid(f"{path}.defaultingType: {kind} is not one of System, List")
    if kind == "System":
        if constraints:
            raise Invalid(f"{path}.defaultConstraints: with the defaultingType System there are none")
        return profile
    found = []
    for number, each in enumerate(constraints):
        at = f"{path}.defaultConstraints[{number}]"
        _check(each, at, {"maxSkew", "topologyKey", "whenUnsatisfiable"})
        when = each.get("whenUnsatisfiable")
        if when not in ("DoNotSchedule", "ScheduleAnyway") or not each.get("topologyKey"):
            raise Invalid(f"{at} needs a topologyKey, and whenUnsatisfiable: DoNotSchedule or ScheduleAnyway")
        found.append(Spread(each["topologyKey"], NOTHING, _number(each, "maxSkew", 1), hard=when == "DoNotSchedule"))
    return replace(profile, spreads=tuple(found))


def _pod_affinity(profile: Profile, args: Object, path: str) -> Profile:
    _check(args, path, {"hardPodAffinityWeight", "ignorePreferredTermsOfExistingPods"})
    if args.get("ignorePreferredTermsOfExistingPods"):
        raise Invalid(f"{path}.ignorePreferredTermsOfExistingPods: they are never ignored here")
    return replace(profile, hard_pod_affinity_weight=_number(args, "hardPodAffinityWeight", 1))


def _node_affinity(profile: Profile, args: Object, path: str) -> Profile:
    _check(args, path, {"addedAffinity"})
    added = args.get("addedAffinity") or {}
    required = node_terms(added.get("requiredDuringSchedulingIgnoredDuringExecution"))
    return replace(profile, added_affinity=required, added_preferences=node_preferences({"nodeAffinity": added}))


def _preemption(profile: Profile, args: Object, path: str) -> Profile:
    _check(args, path, {"minCandidateNodesPercentage", "minCandidateNodesAbsolute"})
    share = _number(args, "minCandidateNodesPercentage", profile.victim_percentage)
    least = _number(args, "minCandidateNodesAbsolute", profile.victim_nodes)
    return replace(profile, victim_percentage=share, victim_nodes=least)


_ARGUMENTS: Mapping[str, Callable[[Profile, Object, str], Profile]] = {
    Plugin.RESOURCES.value: _fit,
    Plugin.SPREAD.value: _spread,
    Plugin.POD_AFFINITY.value: _pod_affinity,
    Plugin.NODE_AFFINITY.value: _node_affinity,
    Plugin.PREEMPTION.value: _preemption,
}


# Fields.


def _check(document: Any, path: str, known: set[str]) -> None:  # Any: what a file says
    if not isinstance(document, dict):
        raise Invalid(f"{path or 'it'} has to be an object")
    for name, value in document.items():
        if name not in known and value not in (None, [], {}):
            raise Invalid(f"{path}.{name}".removeprefix(".") + ": there is no such setting here")


def _list(document: Object, name: str, path: str) -> list[Any]:  # Any: what a file says
    found = document.get(name) or []
    if not isinstance(found, list):
        raise Invalid(f"{path}.{name}".removeprefix(".") + " has to be a list")
    return found


def _number(document: Object, name: str, default: Any) -> Any:  # Any: what a file says, or the default
    found = document.get(name)
    if found is None:
        return default
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise Invalid(f"{name} has to be a number, not {found!r}")
    return found
