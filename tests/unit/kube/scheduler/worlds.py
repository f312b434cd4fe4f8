"""Small random clusters."""

from typing import Any

from hypothesis import strategies as st

from tests.unit.kube.scheduler.naive import World
from tests.unit.kube.scheduler.objects import node, node_affinity, pod, pod_affinity, spread, term
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.model import HOSTNAME, ZONE

EFFECTS = ("NoSchedule", "NoExecute", "PreferNoSchedule")
NAMESPACES = ("default", "other")
_NUMBERS = st.integers(0, 9)


@st.composite
def taints(draw: st.DrawFn) -> Object:
    return {"key": draw(st.sampled_from(("a", "b"))), "value": draw(st.sampled_from(("", "x"))),
            "effect": draw(st.sampled_from(EFFECTS))}  # fmt: skip


@st.composite
def tolerations(draw: st.DrawFn) -> Object:
    key = draw(st.sampled_from(("", "a", "b", "node.kubernetes.io/unschedulable")))
    exists = not key or draw(st.booleans())
    found = {"key": key, "operator": "Exists" if exists else "Equal"}
    if not exists:
        found["value"] = draw(st.sampled_from(("", "x")))
    effect = draw(st.sampled_from(("", *EFFECTS)))
    return {**found, **({"effect": effect} if effect else {})}


@st.composite
def nodes(draw: st.DrawFn, name: str) -> Object:
    zone = draw(st.sampled_from(("", "z1", "z2", "z3")))
    labels = draw(st.dictionaries(st.sampled_from(("disk", "size")), st.sampled_from(("ssd", "1", "5")), max_size=2))
    found = node(
        name, zone=zone, labels=labels, taints=draw(st.lists(taints(), max_size=1)),
        unschedulable=draw(_NUMBERS) == 0, cpu=draw(st.sampled_from(("1", "2"))),
        pods=draw(st.sampled_from(("2", "5"))),
    )  # fmt: skip
    if draw(_NUMBERS) == 0:
        del found["metadata"]["labels"][HOSTNAME]
    return found


@st.composite
def demands(draw: st.DrawFn) -> Object:
    expressions = st.sampled_from(
        (term("disk", "In", "ssd"), term("disk", "NotIn", "ssd"), term("size", "Exists"),
         term("size", "DoesNotExist"), term("size", "Gt", "3"), term("size", "Lt", "3"))
    )  # fmt: skip
    fields = [term("metadata.name", "In", draw(st.sampled_from(("n0", "n1", "gone"))))] if draw(_NUMBERS) == 0 else []
    return node_affinity(*draw(st.lists(expressions, min_size=0 if fields else 1, max_size=2)), fields=fields)


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """Of a pod: arguments of ``pod``."""
    found: dict[str, Any] = {"cpu": draw(st.sampled_from(("0", "300m", "700m", "1")))}
    affinity: Object = {}
    if draw(_NUMBERS) < 2:
        affinity |= draw(demands())
    keys = st.sampled_from((ZONE, HOSTNAME))
    for kind in ("podAffinity", "podAntiAffinity"):
        if draw(_NUMBERS) < 2:
            spaces = draw(st.sampled_from(({}, {}, {"namespaces": ["other"]}, {"namespaces": list(NAMESPACES)})))
            affinity |= pod_affinity(kind, draw(keys), **spaces)
    if affinity:
        found["affinity"] = affinity
    if draw(_NUMBERS) < 3:
        policies = draw(
            st.sampled_from(({}, {"nodeAffinityPolicy": "Ignore"}, {"nodeTaintsPolicy": "Honor"}, {"minDomains": 3}))
        )
        chosen = draw(st.lists(keys, min_size=1, max_size=2, unique=True))
        found["topologySpreadConstraints"] = [spread(key, draw(st.integers(1, 2)), **policies) for key in chosen]
    if draw(_NUMBERS) < 1:
        found["nodeSelector"] = {"disk": "ssd"}
    if draw(_NUMBERS) < 2:
        found["host_port"] = draw(st.sampled_from((80, 81)))
    if draw(_NUMBERS) < 4:
        found["tolerations"] = draw(st.lists(tolerations(), min_size=1, max_size=2))
    return found


@st.composite
def pods(draw: st.DrawFn, name: str, on: str = "") -> Object:
    labels = draw(st.sampled_from((None, {"app": "web"}, {"app": "web"}, {"app": "db"})))
    more = draw(specs())
    meta = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if on and draw(_NUMBERS) == 0 else {}
    return pod(
        name, on, labels=labels, namespace=draw(st.sampled_from(NAMESPACES)), meta=meta,
        priority=draw(st.integers(0, 2)), **more,
    )  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Pods are wherever chance put them, whether they fit there or not."""
    machines = tuple(draw(nodes(f"n{number}")) for number in range(draw(st.integers(1, 5))))
    names = st.sampled_from([each["metadata"]["name"] for each in machines])
    there = tuple(draw(pods(f"p{number}", draw(names))) for number in range(draw(st.integers(0, 6))))
    return World(machines, there)
