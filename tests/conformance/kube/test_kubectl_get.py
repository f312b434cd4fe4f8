"""``kubectl get`` in every form, ``describe``, ``explain``, ``api-resources``."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.cli import Done, Kubectl, all_versions, version_id
from tests.conformance.kube.conftest import new_namespace
from tests.conformance.kube.nodes import add_node, own_address, remove_node
from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import Web
from tests.unit.kube.kubectl import needs_kubectl

pytestmark = needs_kubectl


@pytest.fixture(scope="module")
def shop(control: Control, web: Web, client_home: Path) -> Iterator[Kubectl]:
    """Three deployments, two services, some configuration."""
    kubectl = Kubectl(control.kubeconfig, client_home, new_namespace(web))
    here = f"namespaces/{kubectl.namespace}"
    for name, replicas in (("cart", 0), ("web", 0), ("zoo", 0)):
        web.post(f"/apis/apps/v1/{here}/deployments", manifests.deployment(name, replicas=replicas)).ok()
    for name, kind in (("web", "ClusterIP"), ("cart", "NodePort")):
        spec = {"type": kind, "selector": {"app": name}, "ports": [{"port": 80}]}
        web.post(f"/api/v1/{here}/services", {"metadata": {"name": name}, "spec": spec}).ok()
    for number in range(7):
        web.post(f"/api/v1/{here}/configmaps", manifests.configmap(f"page-{number}", text=str(number))).ok()
    web.post(f"/api/v1/{here}/pods", manifests.pod("p", labels={"app": "web", "tier": "front"})).ok()
    yield kubectl
    web.delete(f"/api/v1/{here}")


def test_output_formats(shop: Kubectl) -> None:
    names = "get deploy -l app!=zoo"
    assert shop(f"{names} -o name").out == "deployment.apps/cart\ndeployment.apps/web\n"
    assert shop(f"{names} -o jsonpath='{{.items[*].metadata.name}}'").out == "cart web"
    assert shop(f"{names} -o go-template='{{{{range .items}}}}{{{{.metadata.name}}}};{{{{end}}}}'").out == "cart;web;"
    assert shop(f"{names} -o custom-columns=N:.metadata.name,R:.spec.replicas").out == "N      R\ncart   0\nweb    0\n"
    document = shop(f"{names} -o json").json
    assert (document["kind"], document["apiVersion"], document["metadata"]) == ("List", "v1", {"resourceVersion": ""})
    assert [each["kind"] for each in document["items"]] == ["Deployment", "Deployment"]
    text = shop("get deploy web -o yaml").out
    assert text.startswith("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n") and "managedFields" not in text
    assert "  managedFields:\n" in shop("get deploy web -o yaml --show-managed-fields").out
    assert shop("get deploy web --no-headers").out.split()[:4] == ["web", "0/0", "0", "0"]


def test_labels_as_columns(shop: Kubectl) -> None:
    assert shop("get pods --show-labels").rows == [
        ["NAME", "READY", "STATUS", "RESTARTS", "LABELS"], ["p", "0/1", "Pending", "0", "app=web,tier=front"],
    ]  # fmt: skip
    assert shop("get pods -L tier,nothing").rows == [
        ["NAME", "READY", "STATUS", "RESTARTS", "TIER", "NOTHING"], ["p", "0/1", "Pending", "0", "front", ""],
    ]  # fmt: skip


def test_wide_pods(shop: Kubectl) -> None:
    assert shop("get pods -o wide").rows == [
        ["NAME", "READY", "STATUS", "RESTARTS", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"],
        ["p", "0/1", "Pending", "0", "<none>", "<none>", "<none>", "<none>"],
    ]


def test_sorting(shop: Kubectl) -> None:
    def names(words: str) -> list[str]:
        return [row[0] for row in shop(words).rows[1:]]

    assert names("get svc --sort-by=.spec.type") == ["web", "cart"]
    assert names("get svc --sort-by='{.metadata.name}'") == ["cart", "web"]
    assert names("get cm --sort-by=.metadata.creationTimestamp")[0] == "kube-root-ca.crt"


def test_selectors(shop: Kubectl) -> None:
    assert shop("get deploy -l 'app in (web,zoo)' -o name").out == "deployment.apps/web\ndeployment.apps/zoo\n"
    assert shop("get deploy -l app,app!=web -o name").out == "deployment.apps/cart\ndeployment.apps/zoo\n"
    assert shop("get svc --field-selector spec.type=NodePort -o name").out == "service/cart\n"
    assert shop("get pods --field-selector status.phase!=Pending").err == (
        f"No resources found in {shop.namespace} namespace.\n"
    )
    assert shop.fails("get pods --field-selector foo=bar") == (
        'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", '
        'field selector "foo=bar": field label not supported: foo\n'
    )
    assert shop.fails("get deploy --field-selector foo=bar").endswith(
        '"foo" is not a known field selector: only "metadata.name", "metadata.namespace"\n'
    )
    assert shop.fails("get deploy -l 'a=b=c'").startswith("Error from server (BadRequest): Unable to find ")


def test_lists_in_chunks(shop: Kubectl) -> None:
    expected = ["kube-root-ca.crt", *[f"page-{number}" for number in range(7)]]
    for size in (1, 3, 0):
        assert [row[0] for row in shop(f"get cm --chunk-size={size}").rows[1:]] == expected


def test_several_kinds_at_once(shop: Kubectl) -> None:
    assert shop("get svc,deploy -o name").out.split() == [
        "service/cart", "service/web", "deployment.apps/cart", "deployment.apps/web", "deployment.apps/zoo",
    ]  # fmt: skip
    assert shop("get all -o name").out.split()[:3] == ["pod/p", "service/cart", "service/web"]
    found = [row[:2] for row in shop("get deploy -A").rows]
    assert [shop.namespace, "cart"] in found


def test_what_is_not_there(shop: Kubectl) -> None:
    assert shop.fails("get pod nope") == 'Error from server (NotFound): pods "nope" not found\n'
    assert shop("get pod nope --ignore-not-found").said == ""
    assert shop.fails("get deploy web nope").endswith(
        'Error from server (NotFound): deployments.apps "nope" not found\n'
    )
    assert shop.fails("get foo") == 'error: the server doesn\'t have a resource type "foo"\n'
    assert shop("get pods -n nowhere").err == "No resources found in nowhere namespace.\n"


def test_raw_paths(shop: Kubectl) -> None:
    assert shop("get --raw /livez").out == "ok"
    assert shop("get --raw '/readyz?verbose'").out.startswith("[+]ping ok\n")
    assert shop("get --raw /version").json["gitVersion"].startswith("v1.37.")
    paths = shop("get --raw /").json["paths"]
    assert {"/api/v1", "/apis/apps", "/apis/apps/v1", "/healthz/ping", "/openapi/v3", "/version"} < set(paths)
    said = "Error from server (NotFound): the server could not find the requested resource\n"
    for path in ("/nope", "/api/v1/nope", "/apis/nope/v1/x", "/apis/apps/v1/namespaces/a/nope"):
        assert shop.fails(f"get --raw {path}") == said


def test_subresources(shop: Kubectl) -> None:
    assert shop("get deploy web --subresource=scale").rows == [["NAME", "DESIRED", "AVAILABLE"], ["web", "0", "0"]]
    scale = shop("get deploy web --subresource=scale -o json").json
    assert (scale["kind"], scale["spec"], scale["status"]) == (
        "Scale",
        {"replicas": 0},
        {"replicas": 0, "selector": "app=web"},
    )
    assert shop("get deploy web --subresource=status").rows[1][0] == "web"


def test_deprecated_versions_warn(shop: Kubectl) -> None:
    assert shop("get endpoints").err.startswith(
        "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n"
    )
    components = shop("get componentstatuses")
    assert components.err.startswith("Warning: v1 ComponentStatus is deprecated in v1.19+\n")
    assert components.rows[1:] == [
        [name, "Healthy", "ok", ""] for name in ("controller-manager", "etcd-0", "scheduler")
    ]


def test_watches(shop: Kubectl, web: Web) -> None:
    path = f"/api/v1/namespaces/{shop.namespace}/configmaps"
    process = shop.start("get cm -l watched -w --output-watch-events")
    try:
        manifest = manifests.configmap("seen", a="1")
        manifest["metadata"]["labels"] = {"watched": ""}
        assert process.stdout is not None
        web.post(path, manifest).ok()
        head, first = process.stdout.readline(), process.stdout.readline()
        assert (head.split(), first.split()[:3]) == (["EVENT", "NAME", "DATA", "AGE"], ["ADDED", "seen", "1"])
        web.patch(f"{path}/seen", {"data": {"b": "2"}}).ok()
        assert process.stdout.readline().split()[:3] == ["MODIFIED", "seen", "2"]
        web.delete(f"{path}/seen").ok()
        assert process.stdout.readline().split()[:3] == ["DELETED", "seen", "2"]
    finally:
        process.kill()
        process.wait()


def test_waits(shop: Kubectl) -> None:
    assert shop("wait --for=jsonpath='{.status.phase}'=Pending pod/p --timeout=100s").out == "pod/p condition met\n"
    assert shop("wait --for=create pod/p --timeout=100s").out == "pod/p condition met\n"
    assert shop("wait --for=delete pod/nope --timeout=100s").out == ""
    assert shop.fails("wait --for=condition=Ready pod/p --timeout=1s") == (
        "error: timed out waiting for the condition on pods/p\n"
    )


def test_every_kind_can_be_listed_and_described(shop: Kubectl) -> None:
    names = [each for each in shop("api-resources --verbs=list -o name").out.split() if ".example" not in each]
    assert len(names) > 60

    def asked(words: str) -> Done:
        """Namespaces and nodes of other tests, which are going, may have gone before it comes to them."""
        return wait_until(lambda: done if (done := shop.run(words)).code == 0 else None, words)

    lists = asked(f"get {','.join(names)} -A -o name").out.split()
    assert "namespace/kube-system" in lists and "clusterrole.rbac.authorization.k8s.io/cluster-admin" in lists
    asked(f"describe {','.join(name for name in names if name not in ('events', 'events.events.k8s.io'))}")


def test_describing_a_deployment(shop: Kubectl) -> None:
    text = shop("describe deploy web").out
    wanted = (
        rf"Name:                   web\nNamespace:              {shop.namespace}\nCreationTimestamp:      .*\n"
        r"Labels:                 app=web\nAnnotations:            (<none>|deployment.kubernetes.io/revision: 1)\n"
        r"Selector:               app=web\nReplicas:               0 desired \| 0 updated \| 0 total \| 0 available \| "
        r"0 unavailable\nStrategyType:           RollingUpdate\nMinReadySeconds:        0\n"
        r"RollingUpdateStrategy:  25% max unavailable, 25% max surge\n"
        r"Pod Template:\n  Labels:  app=web\n  Containers:\n"
        r"   c:\n    Image:         busybox:1\n    Port:          <none>\n    Host Port:     <none>\n"
        r"    Environment:   <none>\n    Mounts:        <none>\n  Volumes:         <none>\n  Node-Selectors:  <none>\n"
        r"  Tolerations:     <none>\n(.|\n)*"
    )
    assert re.fullmatch(wanted, text), text


def test_describing_a_pod(shop: Kubectl) -> None:
    text = shop("describe pod p").out
    for line in (
        "Name:             p", "Priority:         0", "Service Account:  default", "Node:             <none>",
        "Labels:           app=web", "                  tier=front", "Status:           Pending",
        "IPs:              <none>",
        "    Image:        busybox:1", "    Port:         80/TCP", "QoS Class:                   BestEffort",
        "    Type:                    Projected (a volume that contains injected data from multiple sources)",
        "Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
    ):  # fmt: skip
        assert f"{line}\n" in text, text


def test_describing_a_node(shop: Kubectl, web: Web) -> None:
    name = f"n-{shop.namespace}"
    add_node(web, name)
    try:
        assert shop(f"get node {name} -o wide").rows == [
            [
                "NAME", "STATUS", "ROLES", "VERSION", "INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION",
                "CONTAINER-RUNTIME",
            ],
            [name, "Ready", "<none>", "", own_address(), "<none>", "<unknown>", "<unknown>", "<unknown>"],
        ]  # fmt: skip
        text = shop(f"describe node {name}").out
        for line in (
            f"Name:               {name}",
            "Unschedulable:      false",
            "  HolderIdentity:  " + name,
            "  cpu:     4",
            "  pods:    110",
        ):
            assert f"{line}\n" in text, text
        assert re.search(r"Ready  +True  +.* KubeletReady", text)
    finally:
        remove_node(web, name)


@pytest.mark.parametrize("version", all_versions(), ids=version_id)
def test_explaining_a_field(control: Control, client_home: Path, version: tuple[int, int]) -> None:
    """Old ones read OpenAPI v2 where they are told to, in protobuf."""
    kubectl = Kubectl(control.kubeconfig, client_home, version=version)
    text = kubectl("explain deployment.spec.strategy.rollingUpdate.maxSurge").out
    assert re.match(
        r"GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\nFIELD: maxSurge <IntOrString>\n", text
    ), text
    assert "FIELDS:\n" in kubectl("explain hpa --api-version=autoscaling/v1").out
    assert (
        "   maxUnavailable\t<string>"
        in kubectl("explain deploy.spec.strategy.rollingUpdate --output=plaintext-openapiv2").out
    )


def test_explaining_what_is_not_there(shop: Kubectl) -> None:
    assert shop.fails("explain foo") == 'the server doesn\'t have a resource type "foo"\n'
    assert shop.fails("explain pod.spec.nope").endswith('error: field "nope" does not exist\n')


def test_what_there_is(shop: Kubectl) -> None:
    assert shop("api-resources --api-group=apps").out == (
        "NAME                  SHORTNAMES   APIVERSION   NAMESPACED   KIND\n"
        "controllerrevisions                apps/v1      true         ControllerRevision\n"
        "daemonsets            ds           apps/v1      true         DaemonSet\n"
        "deployments           deploy       apps/v1      true         Deployment\n"
        "replicasets           rs           apps/v1      true         ReplicaSet\n"
        "statefulsets          sts          apps/v1      true         StatefulSet\n"
    )
    wide = shop("api-resources --namespaced=false --verbs=list,watch --categories=api-extensions -o wide --no-headers")
    assert all(
        line.endswith("create,delete,deletecollection,get,list,patch,update,watch   api-extensions")
        for line in wide.out.splitlines()
    )
    versions = shop("api-versions").out.split()
    assert versions == sorted(versions) and {"v1", "apps/v1", "autoscaling/v2", "events.k8s.io/v1"} < set(versions)
    assert shop("version -o json").json["serverVersion"]["minor"] == "37"
    assert json.loads(shop("get --raw /apis/apps").out)["preferredVersion"]["version"] == "v1"


def test_who_serves_what_there_is(shop: Kubectl) -> None:
    for name in ("v1.", "v1.apps", "v2.autoscaling"):
        row = f"get apiservice {name} --no-headers --ignore-not-found"
        wait_until(lambda row=row, name=name: shop(row).out.split()[:3] == [name, "Local", "True"], name)


def test_dumping_the_cluster(shop: Kubectl) -> None:
    shop(f"cluster-info dump --namespaces {shop.namespace} --output-directory=dump")
    dumped = json.loads((shop.home / "dump" / shop.namespace / "deployments.json").read_text())
    assert [each["metadata"]["name"] for each in dumped["items"]] == ["cart", "web", "zoo"]
