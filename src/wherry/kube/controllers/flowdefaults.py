"""The priority levels and flow schemas that every cluster begins with
(k8s.io/apiserver pkg/apis/flowcontrol/bootstrap/default.go): facts, as tables. Requests are not queued by them yet."""

from collections.abc import Iterable, Iterator

from wherry.kube.machinery.model import Object

_GROUP = "flowcontrol.apiserver.k8s.io"
_ANNOTATIONS = {"apf.kubernetes.io/autoupdate-spec": "true"}
# name: shares, lendable percent, queues, hand size, queue length (no queues: what is too much is refused)
_LEVELS = {
    "system": (30, 33, 64, 6, 50),
    "node-high": (40, 25, 64, 6, 50),
    "leader-election": (10, 0, 16, 4, 50),
    "workload-high": (40, 50, 128, 6, 50),
    "workload-low": (100, 90, 128, 6, 50),
    "global-default": (20, 50, 128, 6, 50),
    "catch-all": (5, 0, 0, 0, 0),
}
_EVERYBODY = ("group system:unauthenticated", "group system:authenticated")
_ALL = ("* * *", "nonresource *")
# name: level, precedence, by what flows are told apart, subjects, rules
_SCHEMAS: dict[str, tuple[str, int, str, tuple[str, ...], tuple[str, ...]]] = {
    "exempt": ("exempt", 1, "", ("group system:masters",), _ALL),
    "probes": ("exempt", 2, "", _EVERYBODY, ("nonresource get /healthz /readyz /livez",)),
    "system-leader-election": (
        "leader-election", 100, "ByUser",
        ("user system:kube-controller-manager", "user system:kube-scheduler", "account kube-system *"),
        ("get,create,update coordination.k8s.io leases",),
    ),
    "endpoint-controller": (
        "workload-high", 150, "ByUser",
        ("user system:kube-controller-manager", "account kube-system endpoint-controller",
         "account kube-system endpointslicemirroring-controller"),
        ("get,create,update core endpoints",),
    ),
    "workload-leader-election": (
        "leader-election", 200, "ByUser", ("account kube-system *",),
        ("get,create,update coordination.k8s.io leases",),
    ),
    "system-node-high": (
        "node-high", 400, "ByUser", ("group system:nodes",),
        ("* core nodes,nodes/status cluster", "* coordination.k8s.io leases"),
    ),
    "system-nodes": ("system", 500, "ByUser", ("group system:nodes",), _ALL),
    "kube-controller-manager": (
        "workload-high", 800, "ByNamespace", ("user system:kube-controller-manager",), _ALL,
    ),
    "kube-scheduler": ("workload-high", 800, "ByNamespace", ("user system:kube-scheduler",), _ALL),
    "kube-system-service-accounts": ("workload-high", 900, "ByNamespace", ("account kube-system *",), _ALL),
    "service-accounts": ("workload-low", 9000, "ByUser", ("group system:serviceaccounts",), _ALL),
    "global-default": ("global-default", 9900, "ByUser", _EVERYBODY, _ALL),
    "catch-all": ("catch-all", 10000, "ByUser", _EVERYBODY, _ALL),
}  # fmt: skip


def objects() -> list[Object]:
    """PriorityLevelConfigurations, then FlowSchemas."""
    return [*_levels(), *_schemas()]


def _levels() -> Iterator[Object]:
    exempt = {"type": "Exempt", "exempt": {"nominalConcurrencyShares": 0, "lendablePercent": 0}}
    yield _object("PriorityLevelConfiguration", "exempt", exempt)
    for name, (shares, lendable, queues, hand, length) in _LEVELS.items():
        response: Object = {"type": "Reject"}
        if queues:
            queuing = {"queues": queues, "handSize": hand, "queueLengthLimit": length}
            response = {"type": "Queue", "queuing": queuing}
        limited = {"nominalConcurrencyShares": shares, "lendablePercent": lendable, "limitResponse": response}
        yield _object("PriorityLevelConfiguration", name, {"type": "Limited", "limited": limited})


def _schemas() -> Iterator[Object]:
    for name, (level, precedence, distinguisher, subjects, rules) in _SCHEMAS.items():
        spec: Object = {
            "priorityLevelConfiguration": {"name": level},
            "matchingPrecedence": precedence,
            "rules": [{"subjects": [_subject(each) for each in subjects], **_rules(rules)}],
        }
        if distinguisher:
            spec["distinguisherMethod"] = {"type": distinguisher}
        yield _object("FlowSchema", name, spec)


def _object(kind: str, name: str, spec: Object) -> Object:
    meta = {"name": name, "annotations": dict(_ANNOTATIONS)}
    return {"apiVersion": f"{_GROUP}/v1", "kind": kind, "metadata": meta, "spec": spec}


def _subject(words: str) -> Object:
    kind, *names = words.split()
    if kind == "account":
        return {"kind": "ServiceAccount", "serviceAccount": {"namespace": names[0], "name": names[1]}}
    return {"kind": kind.capitalize(), kind: {"name": names[0]}}


def _rules(rules: Iterable[str]) -> Object:
    found: Object = {}
    for words in rules:
        first, *rest = words.split()
        if first == "nonresource":
            verbs, paths = (rest[:1], rest[1:]) if len(rest) > 1 else (["*"], rest)
            found.setdefault("nonResourceRules", []).append({"verbs": verbs, "nonResourceURLs": paths})
            continue
        group, resources, *where = rest
        rule: Object = {
            "verbs": first.split(","),
            "apiGroups": ["" if group == "core" else group],
            "resources": resources.split(","),
        }
        if group == "*" or where:
            rule["clusterScope"] = True
        if not where:
            rule["namespaces"] = ["*"]
        found.setdefault("resourceRules", []).append(rule)
    return found
