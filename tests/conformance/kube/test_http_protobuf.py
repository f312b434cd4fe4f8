"""Whatever there is says the same in protobuf as in JSON."""

from typing import Any

from tests.conformance.kube import manifests
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.web import PROTOBUF, Web
from wherry.kube.kinds.differing import difference
from wherry.kube.machinery.protobuf import decode

_RULE = {"operations": ["*"], "apiGroups": [""], "apiVersions": ["*"], "resources": ["nothing"]}
_HOOK = {
    "name": "a.tests.example", "clientConfig": {"url": "https://x"}, "rules": [_RULE], "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
}  # fmt: skip
_PEERS = {"ports": [{"port": 80}, {"port": "http"}], "from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}
_METRIC = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 5}}}
_DEVICES = {
    "requests": [{"name": "a", "exactly": {"deviceClassName": "x"}}],
    "config": [{"opaque": {"driver": "tests.example", "parameters": {"x": 1, "z": [0.5, True, None, "ü"]}}}],
}


def made(web: Web, namespace: str, plural: str) -> None:
    """Objects with fields of every sort."""
    here = f"namespaces/{namespace}"
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
    scaler = {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [_METRIC]}
    budget = {"minAvailable": "50%", "selector": {"matchLabels": {"a": "b"}}}
    for path, body in (
        (f"/apis/apps/v1/{here}/deployments", manifests.deployment("d")),
        (f"/api/v1/{here}/secrets", {"metadata": {"name": "s"}, "data": {"a": "AAE=", "b": ""}}),
        (f"/api/v1/{here}/pods", manifests.pod("p")),
        (f"/api/v1/{here}/limitranges", {"metadata": {"name": "l"}, "spec": {"limits": [
            {"type": "Container", "default": {"cpu": "100m"}, "max": {"cpu": 2}}]}}),
        (f"/apis/autoscaling/v2/{here}/horizontalpodautoscalers", {"metadata": {"name": "h"}, "spec": scaler}),
        (f"/apis/networking.k8s.io/v1/{here}/networkpolicies", {"metadata": {"name": "n"}, "spec": {
            "podSelector": {}, "ingress": [_PEERS]}}),
        (f"/apis/policy/v1/{here}/poddisruptionbudgets", {"metadata": {"name": "b"}, "spec": budget}),
        (f"/apis/resource.k8s.io/v1/{here}/resourceclaims", {"metadata": {"name": "r"}, "spec": {"devices": _DEVICES}}),
        ("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {
            "metadata": {"name": namespace}, "webhooks": [_HOOK]}),
        ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", manifests.definition(plural, "Binary")),
    ):  # fmt: skip
        web.post(path, body).ok()


def plain(value: Any) -> Any:
    """Without what is empty, which a message of Go's does not have."""
    if isinstance(value, dict):
        found = {name: plain(each) for name, each in value.items()}
        return {name: each for name, each in found.items() if each}
    return [plain(each) for each in value] if isinstance(value, list) else value


def test_everything_is_the_same_in_protobuf(web: Web, namespace: str) -> None:
    plural = f"b{namespace.replace('-', '')}s"
    made(web, namespace, plural)
    wait_until(lambda: web.get(f"/apis/tests.example/v1/{plural}").code == 200, "the kind is served")
    # Those of other tests may be going: who is asked for first has them all.
    definitions = web.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").ok()["items"]
    roots = [
        f"/apis/{version['groupVersion']}" for group in web.get("/apis").ok()["groups"] for version in group["versions"]
    ]
    left_out = ("metrics.k8s.io", *{each["spec"]["group"] for each in definitions})  # they have no messages
    count = 0
    try:
        for root in ("/api/v1", *roots):
            for resource in web.get(root).ok()["resources"]:
                path, is_listed = f"{root}/{resource['name']}", "list" in resource["verbs"]
                if "/" in resource["name"] or not is_listed or root.split("/")[2] in left_out:
                    continue
                count += alike(web, path)
    finally:
        web.delete(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.tests.example")
        web.delete(f"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{namespace}")
    assert count > 150


def alike(web: Web, path: str) -> int:
    """How many there are. What controllers change meanwhile is compared when it has been still."""

    def settled() -> tuple[Any, Any] | None:
        before, binary, after = web.get(path).ok(), web.get(path, PROTOBUF), web.get(path).ok()
        assert binary.code == 200, path
        return (before, decode(binary.raw)) if before["items"] == after["items"] else None

    said, read = wait_until(settled, f"{path} is still")
    for each in said["items"]:
        each.pop("kind", None), each.pop("apiVersion", None)  # a message in a list has none
    assert (read["kind"], len(read.get("items", ()))) == (said["kind"], len(said["items"]))
    for one, other in zip(said["items"], read.get("items", ()), strict=True):
        assert not difference(plain(one), plain(other)), path
        assert plain(one) == plain(other), path
    return len(said["items"])
