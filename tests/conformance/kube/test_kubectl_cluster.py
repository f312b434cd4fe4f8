"""Nodes, certificates, rights, and the verbs that need a node or more than the API itself."""

import base64
import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.cli import Kubectl
from tests.conformance.kube.nodes import REFUSED, add_node, remove_node
from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import Web
from tests.unit.kube.kubectl import needs_kubectl

pytestmark = needs_kubectl


@pytest.fixture
def node(web: Web, kubectl: Kubectl) -> Iterator[str]:
    """A node that is ready, and nobody's."""
    name = f"n-{kubectl.namespace}"
    add_node(web, name)
    yield name
    remove_node(web, name)


def put_pod(web: Web, namespace: str, name: str, node: str, *, ready: bool = True) -> None:
    """One that runs on a node, and goes at once when it is deleted."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    pod = manifests.pod(name, labels={"app": "drained"}, node=node)
    pod["spec"]["terminationGracePeriodSeconds"] = 0
    web.post(path, pod).ok()
    web.patch(f"{path}/{name}/status", {"status": manifests.running(ready=ready)}).ok()


def test_cordon_and_taint(kubectl: Kubectl, node: str) -> None:
    assert kubectl(f"cordon {node}").out == f"node/{node} cordoned\n"
    assert kubectl(f"cordon {node}").out == f"node/{node} already cordoned\n"
    assert kubectl(f"get node {node}").rows == [
        ["NAME", "STATUS", "ROLES", "VERSION"], [node, "Ready,SchedulingDisabled", "<none>", ""],
    ]  # fmt: skip
    assert kubectl(f"uncordon {node}").out == f"node/{node} uncordoned\n"
    assert kubectl(f"taint node {node} k=v:NoSchedule").out == f"node/{node} tainted\n"
    assert kubectl.fails(f"taint node {node} k=v:NoSchedule") == (
        f"error: node {node} already has k taint(s) with same effect(s) and --overwrite is false\n"
    )
    assert kubectl(f"taint node {node} k-").out == f"node/{node} untainted\n"
    assert kubectl.fails(f"taint node {node} k-") == 'error: taint "k" not found\n'
    said = kubectl.fails(f"taint node {node} k=v:Nonsense")
    assert said.startswith("error: invalid taint effect: Nonsense, unsupported taint effect")
    assert kubectl(f"label node {node} node-role.kubernetes.io/worker=").out == f"node/{node} labeled\n"
    assert kubectl(f"get node {node}").rows[1][2] == "worker"


def test_drain(kubectl: Kubectl, web: Web, node: str) -> None:
    for name in ("one", "two"):
        put_pod(web, kubectl.namespace, name, node)
    said = kubectl.fails(f"drain {node} --timeout=5s")
    assert "cannot delete cannot delete Pods that declare no controller (use --force to override): " in said
    said = kubectl(f"drain {node} --force --timeout=100s").out
    assert sorted(said.splitlines()) == sorted(
        [f"node/{node} already cordoned", *[f"evicting pod {kubectl.namespace}/{name}" for name in ("one", "two")],
         "pod/one evicted", "pod/two evicted", f"node/{node} drained"]
    )  # fmt: skip


def test_a_budget_holds_up_a_drain(kubectl: Kubectl, web: Web, node: str) -> None:
    put_pod(web, kubectl.namespace, "one", node)
    kubectl("create pdb budget --selector=app=drained --min-available=1")
    wait_until(
        lambda: kubectl("get pdb budget -o jsonpath={.status.observedGeneration}").out or None, "the budget is counted"
    )
    said = kubectl.fails(f"drain {node} --force --timeout=1s")
    assert (
        f'error when evicting pods/"one" -n "{kubectl.namespace}" (will retry after 5s): Cannot evict pod as it would '
        "violate the pod's disruption budget.\n"
    ) in said
    assert kubectl("get pod one -o name").out == "pod/one\n"


def request(directory: Path, subject: str) -> str:
    """A certificate signing request, in base64."""
    made = directory / "request.pem"
    command = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj"
    subprocess.run(
        [*command.split(), subject, "-keyout", directory / "key.pem", "-out", made], check=True, capture_output=True
    )
    return subprocess.run(["base64", "-w0", made], check=True, capture_output=True, text=True).stdout


def asked(name: str, directory: Path, **more: object) -> str:
    """A CertificateSigningRequest of a client."""
    spec = {
        "request": request(directory, f"/CN={name}/O=devs"), "signerName": "kubernetes.io/kube-apiserver-client",
        "usages": ["client auth"], **more,
    }  # fmt: skip
    kind = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest"}
    return json.dumps({**kind, "metadata": {"name": name}, "spec": spec})


def test_certificates_are_approved_signed_and_good(kubectl: Kubectl, control: Control, tmp_path: Path) -> None:
    name = f"jane-{kubectl.namespace}"
    kubectl("create -f -", asked(name, tmp_path, expirationSeconds=3600))
    head = ["NAME", "SIGNERNAME", "REQUESTOR", "REQUESTEDDURATION", "CONDITION"]
    row = [name, "kubernetes.io/kube-apiserver-client", "kubernetes-admin", "60m"]
    assert kubectl(f"get csr {name}").rows == [head, [*row, "Pending"]]
    approved = f"certificatesigningrequest.certificates.k8s.io/{name} approved\n"
    assert kubectl(f"certificate approve {name}").out == approved
    wait_until(lambda: kubectl(f"get csr {name}").rows[1][4] == "Approved,Issued", "the certificate is issued")
    certificate = base64.b64decode(kubectl(f"get csr {name} -o jsonpath={{.status.certificate}}").out)
    (tmp_path / "pair.pem").write_bytes(certificate + (tmp_path / "key.pem").read_bytes())
    jane = Web((control.host, control.port), control.authority, tmp_path / "pair.pem")
    review = jane.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", {}).ok()
    user = review["status"]["userInfo"]
    assert (user["username"], user["groups"]) == (name, ["devs", "system:authenticated"])
    jane.close()
    kubectl(f"delete csr {name}")


def test_certificates_are_denied(kubectl: Kubectl, tmp_path: Path) -> None:
    name = f"joe-{kubectl.namespace}"
    kubectl("create -f -", asked(name, tmp_path))
    assert kubectl(f"certificate deny {name}").out.endswith(" denied\n")
    assert kubectl(f"get csr {name}").rows[1][4] == "Denied"
    said = kubectl.fails(f"certificate approve {name}")
    assert said == f'error: certificate signing request "{name}" is already Denied\n'
    kubectl(f"delete csr {name}")


def test_rights(kubectl: Kubectl) -> None:
    assert kubectl("auth can-i create deployments.apps").out == "yes\n"
    assert kubectl("auth can-i get /metrics").out == "yes\n"
    assert kubectl.run("auth can-i get pods --as=bob").said == "no\n"
    assert kubectl("auth can-i get foo").err.strip() == "Warning: the server doesn't have a resource type 'foo'"
    kubectl("create role reader --verb=get --resource=pods --resource-name=p")
    kubectl("create rolebinding reads --role=reader --user=bob")
    assert kubectl("auth can-i get pods/p --as=bob").out == "yes\n"
    assert kubectl.run("auth can-i get pods/q --as=bob").out == "no\n"
    listed = kubectl("auth can-i --list --as=bob").rows
    assert listed[0] == ["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]
    assert ["pods", "[]", "[p]", "[get]"] in listed
    assert ["selfsubjectreviews.authentication.k8s.io", "[]", "[]", "[create]"] in listed
    assert kubectl.fails("get pods --as=bob") == (
        'Error from server (Forbidden): pods is forbidden: User "bob" cannot list resource "pods" in API group "" in '
        f'the namespace "{kubectl.namespace}"\n'
    )
    assert kubectl.fails("get nodes --as=bob") == (
        'Error from server (Forbidden): nodes is forbidden: User "bob" cannot list resource "nodes" in API group "" at '
        "the cluster scope\n"
    )
    assert kubectl.fails("get pod p --as=bob") == 'Error from server (NotFound): pods "p" not found\n'


def test_who_am_i(kubectl: Kubectl) -> None:
    assert kubectl("auth whoami --as=bob --as-group=g --as-uid=7").out == (
        "ATTRIBUTE   VALUE\nUsername    bob\nUID         7\nGroups      [g system:authenticated]\n"
    )
    assert kubectl("auth whoami -o json").json["status"]["userInfo"]["username"] == "kubernetes-admin"


def test_a_service_account_says_who_it_is(kubectl: Kubectl, web: Web) -> None:
    bearer = web.with_token(kubectl("create token default").out.strip())
    review = bearer.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", {}).ok()
    user, accounts = review["status"]["userInfo"], "system:serviceaccounts"
    assert user["username"] == f"system:serviceaccount:{kubectl.namespace}:default"
    assert user["groups"] == [accounts, f"{accounts}:{kubectl.namespace}", "system:authenticated"]
    bearer.close()


def test_rights_are_reconciled(kubectl: Kubectl) -> None:
    """What is missing is added, and nothing is taken away."""
    meta, rbac = {"name": "r", "namespace": kubectl.namespace}, "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    role = {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": meta, "rules": [rule]}
    binding = {
        "apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "metadata": meta,
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "r"},
        "subjects": [{"kind": "User", "name": "bob", "apiGroup": rbac}],
    }  # fmt: skip
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [role, binding]})
    said = kubectl("auth reconcile -f -", text).out
    assert f"role.{rbac}/r reconciled\n" in said and f"rolebinding.{rbac}/r reconciled\n" in said
    rule["verbs"] = ["list"]
    said = kubectl("auth reconcile -f -", json.dumps(role)).out
    assert said.startswith(f"role.{rbac}/r reconciled\n")
    assert kubectl("auth can-i list pods --as=bob").out == "yes\n"
    assert kubectl("auth can-i get pods --as=bob").out == "yes\n"


def test_verbs_that_need_a_node_say_so(kubectl: Kubectl, web: Web, node: str) -> None:
    put_pod(web, kubectl.namespace, "p", node)
    for words in ("logs p", "exec p -- ls", "attach p", "cp p:/etc/hosts hosts", "port-forward p 18999:80"):
        assert re.search(REFUSED, kubectl.fails(words))
    assert kubectl.fails("top pods") == kubectl.fails("top nodes") == "error: metrics not available yet\n"


def test_pods_without_a_node(kubectl: Kubectl) -> None:
    kubectl("run p --image=busybox")
    assert kubectl("logs p").said == ""
    assert kubectl.fails("exec p -- ls").endswith("pod p does not have a host assigned\n")
    assert kubectl.fails("port-forward p 18999:80") == (
        "error: unable to forward port because pod is not running. Current status=Pending\n"
    )


def test_debug_adds_a_container(kubectl: Kubectl) -> None:
    kubectl("run p --image=busybox")
    kubectl("debug p --image=busybox --profile=general --container=eye")
    found = kubectl("get pod p -o json").json["spec"]["ephemeralContainers"]
    assert [(each["name"], each["image"], each["imagePullPolicy"]) for each in found] == [("eye", "busybox", "Always")]
    kubectl("debug p --image=busybox --profile=general --copy-to=twin --container=eye")
    assert [each["name"] for each in kubectl("get pod twin -o json").json["spec"]["containers"]] == ["p", "eye"]


def test_proxy(kubectl: Kubectl) -> None:
    process = kubectl.start("proxy --port=0")
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"Starting to serve on (127\.0\.0\.1:\d+)\n", line)
        assert found, line
        with urllib.request.urlopen(f"http://{found[1]}/api/v1/namespaces/{kubectl.namespace}") as answer:
            assert json.load(answer)["metadata"]["name"] == kubectl.namespace
        with urllib.request.urlopen(f"http://{found[1]}/") as answer:
            assert "/api/v1" in json.load(answer)["paths"]
    finally:
        process.kill()
        process.wait()


def test_events(kubectl: Kubectl, web: Web) -> None:
    kubectl("run p --image=busybox")
    uid = kubectl("get pod p -o jsonpath={.metadata.uid}").out
    about = {"kind": "Pod", "name": "p", "namespace": kubectl.namespace, "uid": uid, "apiVersion": "v1"}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    event = {
        "metadata": {"name": "p.1"}, "involvedObject": about, "reason": "Tested", "message": "as told",
        "type": "Warning",
        "firstTimestamp": now, "lastTimestamp": now, "count": 3, "source": {"component": "tests"},
    }  # fmt: skip
    web.post(f"/api/v1/namespaces/{kubectl.namespace}/events", event).ok()
    assert ["Warning", "Tested", "pod/p", "as told"] in kubectl("get events").rows
    assert kubectl("get events").rows[0] == ["TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert ["Warning", "Tested", "Pod/p", "as told"] in kubectl("events --for pod/p").rows
    assert "Tested" in kubectl("events --types=Warning").out and "Tested" not in kubectl("events --types=Normal").out
    assert re.search(r"Warning  Tested +\d+s \(x3 over \d+s\)  tests +as told\n", kubectl("describe pod p").out)
    assert kubectl("get events.events.k8s.io --field-selector reason=Tested -o name").out == "event.events.k8s.io/p.1\n"
