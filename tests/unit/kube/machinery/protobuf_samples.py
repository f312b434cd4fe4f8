"""Objects in JSON that use every kind of field."""

from typing import Any

from hypothesis import strategies as st

from wherry.kube.machinery import protofields

TIME = "2026-11-27T14:05:06Z"
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "namespace": "default",
        "labels": {"app": "web", "empty": ""},
        "creationTimestamp": TIME,
        "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": False}],
        "managedFields": [{"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}],
    },
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "nginx:1.27",
                        "command": ["sh", "-c", ""],
                        "ports": [{"containerPort": 80, "protocol": "TCP"}],
                        "env": [{"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "k"}}}],
                        "resources": {"limits": {"cpu": "100m", "memory": "1Gi"}},
                        "livenessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 3},
                        "securityContext": {"runAsUser": 0, "runAsNonRoot": False},
                    }
                ],
                "volumes": [
                    {"name": "a", "emptyDir": {"sizeLimit": "1Gi"}},
                    {"name": "b", "configMap": {"name": "cm", "optional": False, "defaultMode": 420}},
                ],
                "securityContext": {"supplementalGroups": [1, 2, -3]},
                "terminationGracePeriodSeconds": 0,
            },
        },
    },
    "status": {},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "x-kubernetes-preserve-unknown-fields": True,
    "properties": {
        "any": {"x-kubernetes-int-or-string": True, "default": {"deep": [1, 2.5, None, "x"]}, "enum": [1, "a"]},
        "list": {
            "type": "array",
            "items": {"$ref": "#/x", "minimum": 1.5, "maximum": 3},
            "x-kubernetes-list-type": "set",
        },
        "map": {"type": "object", "additionalProperties": {"type": "string", "nullable": True}},
        "closed": {"type": "object", "additionalProperties": False},
        "many": {"items": [{"type": "string"}, {"type": "integer"}]},
    },
    "dependencies": {"a": ["b", "c"], "d": {"type": "object"}},
}
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "foos.example.com"},
    "spec": {
        "group": "example.com",
        "names": {"plural": "foos", "kind": "Foo"},
        "scope": "Namespaced",
        "versions": [{"name": "v1", "served": True, "storage": False, "schema": {"openAPIV3Schema": SCHEMA}}],
    },
}
ACCESS: dict[str, Any] = {
    "apiVersion": "authorization.k8s.io/v1",
    "kind": "SubjectAccessReview",
    "metadata": {},
    "spec": {"user": "jane", "extra": {"scopes": ["a", ""], "none": []}},
    "status": {"allowed": False},
}
EVENT: dict[str, Any] = {
    "apiVersion": "events.k8s.io/v1",
    "kind": "Event",
    "metadata": {"name": "e"},
    "eventTime": "2026-11-27T14:05:06.123456Z",
    "regarding": {"kind": "Pod"},
}
SAMPLES = (DEPLOYMENT, DEFINITION, ACCESS, EVENT)

_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
_JSON = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | _TEXT, lambda inner: st.lists(inner, max_size=2))
_SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "string": _TEXT,
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "bytes": st.sampled_from(("", "AA==", "aGVsbG8=")),
    "double": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "time": st.just(TIME),
    "microtime": st.just("2026-11-27T14:05:06.000001Z"),
    "quantity": st.sampled_from(("0", "100m", "1Gi")),
    "intorstring": st.integers(-9, 9) | _TEXT,
    "json": _JSON.filter(lambda value: value is not None),
    "strings": st.lists(_TEXT, max_size=2),
    "schemaorbool": st.booleans(),
    "schemaorarray": st.just({"type": "string"}),
    "schemaorstrings": st.just(["a"]),
}


@st.composite
def documents(draw: st.DrawFn, message: str, depth: int = 4) -> dict[str, Any]:
    """Objects of a message, with some of its fields: as Go writes them in JSON, without zeros that are nothing."""
    rows = protofields.rows(message)
    chosen = draw(st.lists(st.sampled_from(rows), max_size=6, unique_by=lambda row: row.name)) if rows else []
    found: dict[str, Any] = {}
    for row in chosen:
        value = _value(row, depth)
        if row.cardinality == "~":
            found.update(draw(value))
        elif row.cardinality == "*":
            found[row.name] = draw(st.lists(value, min_size=1, max_size=2))
        elif row.cardinality == "%":
            found[row.name] = draw(st.dictionaries(_TEXT, value, min_size=1, max_size=2))
        elif (drawn := draw(value)) or not row.zero_is_nothing:
            found[row.name] = drawn
    return found


def _value(row: protofields.Row, depth: int) -> st.SearchStrategy[Any]:
    special = _SPECIAL.get(row.type)
    if special is not None:
        return special
    return documents(row.type, depth - 1) if depth else st.just({})


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    """Any object of the table."""
    (version, kind), message = draw(st.sampled_from(sorted(protofields.kinds().items())))
    return {"apiVersion": version, "kind": kind, **draw(documents(message))}
