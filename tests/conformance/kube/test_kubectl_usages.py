"""kubectl as people use it day by day, where it asks for more than one verb: kustomizations, selectors by field,
proxies, tokens that are bound, schemas of everything."""

import base64
import contextlib
import http.client
import itertools
import json
import re
import select
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.cli import Kubectl
from tests.conformance.kube.process import Control
from tests.conformance.kube.web import Web
from tests.unit.kube.kubectl import needs_kubectl

pytestmark = needs_kubectl
_SAME_NAME = {"events.events.k8s.io", "nodes.metrics.k8s.io", "pods.metrics.k8s.io"}
"""kubectl takes what is behind the first dot for a field when a core kind has the name."""

FIELDS = {
    "pods": "metadata.name metadata.namespace spec.nodeName spec.host spec.restartPolicy spec.schedulerName "
    "spec.serviceAccountName spec.hostNetwork status.phase status.podIP status.podIPs status.nominatedNodeName",
    "events": "involvedObject.kind involvedObject.namespace involvedObject.name involvedObject.uid "
    "involvedObject.apiVersion involvedObject.resourceVersion involvedObject.fieldPath reason reportingComponent "
    "source type metadata.name metadata.namespace",
    "events.events.k8s.io": "regarding.kind regarding.name reason reportingController type",
    "nodes": "metadata.name spec.unschedulable",
    "namespaces": "metadata.name status.phase",
    "secrets": "metadata.name metadata.namespace type",
    "services": "metadata.name metadata.namespace spec.clusterIP spec.type",
    "replicationcontrollers": "metadata.name metadata.namespace status.replicas",
    "replicasets": "metadata.name metadata.namespace status.replicas",
    "jobs": "metadata.name metadata.namespace status.successful",
    "certificatesigningrequests": "metadata.name spec.signerName",
    "clustertrustbundles": "metadata.name spec.signerName",
    "podcertificaterequests": "metadata.name spec.nodeName spec.signerName",
    "resourceslices": "metadata.name spec.driver spec.nodeName",
    "configmaps": "metadata.name metadata.namespace",
}
"""What each kind may be selected by (addConversionFuncs of k8s.io/kubernetes pkg/apis/*/v1/conversion.go)."""


@pytest.mark.parametrize("resource", FIELDS)
def test_fields_to_select_by(kubectl: Kubectl, resource: str) -> None:
    for field in FIELDS[resource].split():
        assert not kubectl(f"get {resource} --field-selector {field}=none-has-this").out
    selector = ",".join(f"{field}!=none-has-this" for field in FIELDS[resource].split())
    kubectl(f"get {resource} --field-selector {selector}")
    assert "Error from server (BadRequest): Unable to find" in kubectl.fails(
        f"get {resource} --field-selector spec.x=1"
    )


def test_every_kind_is_explained_to_its_last_field(control: Control, client_home: Path) -> None:
    kubectl = Kubectl(control.kubeconfig, client_home)
    names = set(kubectl("api-resources -o name").out.split()) - _SAME_NAME
    names = {each for each in names if ".example" not in each}  # other tests' kinds, which may go any moment
    with ThreadPoolExecutor(2) as pool:
        texts = pool.map(lambda name: kubectl(f"explain {name} --recursive").out, names)
    explained = dict(zip(names, texts, strict=True))
    assert len(explained) > 60
    for name, text in explained.items():
        assert re.search(r"^KIND: +\w+$", text, re.MULTILINE) and "\nFIELDS:\n" in text, name
        assert "  apiVersion\t<string>" in text and text.count("\n") > 10, name
    deep = explained["deployments.apps"]
    assert re.search(r"^ +httpGet\t<HTTPGetAction>\n +host\t<string>", deep, re.MULTILINE)


def test_kustomizations(kubectl: Kubectl, tmp_path: Path) -> None:
    for part, resources, more in (
        ("base", ["d.json"], {"configMapGenerator": [{"name": "conf", "literals": ["a=b"]}]}),
        ("over", ["../base"], {"namePrefix": "my-", "replicas": [{"name": "web", "count": 0}]}),
    ):
        (tmp_path / part).mkdir()
        (tmp_path / part / "kustomization.yaml").write_text(json.dumps({"resources": resources, **more}))
    described = {**manifests.deployment("web", replicas=2), "apiVersion": "apps/v1", "kind": "Deployment"}
    (tmp_path / "base" / "d.json").write_text(json.dumps(described))
    made = kubectl(f"apply -k {tmp_path / 'over'}").out
    assert re.fullmatch(r"configmap/my-conf-\w{10} created\ndeployment.apps/my-web created\n", made)
    assert not kubectl(f"diff -k {tmp_path / 'over'}").out
    kubectl("scale deployment my-web --replicas=1")
    assert "-  replicas: 1\n+  replicas: 0\n" in kubectl.fails(f"diff -k {tmp_path / 'over'}")
    applied = kubectl(f"apply -k {tmp_path / 'over'} --server-side --force-conflicts").out
    assert applied.endswith("deployment.apps/my-web serverside-applied\n")
    assert not kubectl(f"diff -k {tmp_path / 'over'}").out
    kubectl(f"delete -k {tmp_path / 'over'}")
    assert "NotFound" in kubectl.fails("get deployment my-web")


def test_a_proxy(kubectl: Kubectl) -> None:
    proxy = kubectl.start("proxy --port=0")
    try:
        assert proxy.stdout is not None
        port = int(proxy.stdout.readline().rpartition(":")[2])
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
            for path, kind in (("/api/v1/namespaces/default", "Namespace"), ("/apis/apps/v1", "APIResourceList")):
                connection.request("GET", path)
                assert json.loads(connection.getresponse().read())["kind"] == kind
            body = json.dumps(manifests.configmap("by-proxy"))
            where = f"/api/v1/namespaces/{kubectl.namespace}/configmaps"
            connection.request("POST", where, body, {"Content-Type": "application/json"})
            assert connection.getresponse().status == 201
    finally:
        proxy.terminate()
        proxy.communicate()
    kubectl("get configmap by-proxy")


def test_tokens_go_with_what_they_are_bound_to(kubectl: Kubectl, web: Web) -> None:
    kubectl("create secret generic key")
    kubectl("create serviceaccount robot")
    bound = kubectl("create token robot --bound-object-kind Secret --bound-object-name key").out.strip()
    free = kubectl("create token robot --duration 1h").out.strip()
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}

    def code(token: str) -> int:
        return web.with_token(token).post(path, body).code

    assert (code(bound), code(free)) == (201, 201)
    kubectl("delete secret key")
    assert (code(bound), code(free)) == (401, 201)
    kubectl("delete serviceaccount robot")
    assert code(free) == 401
    assert 'secrets "key" not found' in kubectl.fails(
        "create token default --bound-object-kind Secret --bound-object-name key"
    )
    assert "may not specify a duration less than 10 minutes" in kubectl.fails("create token default --duration 1m")


def test_lists_without_the_server_s_columns_and_watches_without_a_list(kubectl: Kubectl) -> None:
    kubectl("create configmap one")
    assert kubectl("get configmaps one --server-print=false").rows == [["NAME"], ["one"]]
    watching = kubectl.start("get configmaps --watch-only --output-watch-events --no-headers")
    try:
        assert watching.stdout is not None
        for number in itertools.count():  # until the watch is there
            kubectl(f"label configmap one n={number} --overwrite")
            if select.select([watching.stdout], [], [], 0.2)[0]:
                break
        assert watching.stdout.readline().split()[:2] == ["MODIFIED", "one"], "nothing of what was there before"
        kubectl("create configmap two")
        while (event := watching.stdout.readline().split()[:2]) == ["MODIFIED", "one"]:
            pass
        assert event == ["ADDED", "two"]
        kubectl("delete configmap one")
        assert watching.stdout.readline().split()[:2] == ["DELETED", "one"]
    finally:
        watching.terminate()
        watching.communicate()


def test_a_certificate_for_a_person(kubectl: Kubectl, control: Control) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jane")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM)
    signer = "kubernetes.io/kube-apiserver-client"
    spec = {"request": base64.b64encode(pem).decode(), "signerName": signer, "usages": ["client auth"]}
    wanted = {
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": "jane"},
        "spec": {**spec, "expirationSeconds": 3600},
    }  # fmt: skip
    kubectl("apply -f -", json.dumps(wanted))
    assert kubectl("get csr jane").rows[1][-1] == "Pending"
    assert kubectl("certificate approve jane").out == "certificatesigningrequest.certificates.k8s.io/jane approved\n"
    kubectl("wait --for=jsonpath='{.status.certificate}' csr/jane --timeout=100s")
    issued = base64.b64decode(kubectl("get csr jane -o jsonpath='{.status.certificate}'").out)
    (kubectl.home / "jane.crt").write_bytes(issued)
    (kubectl.home / "jane.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    as_jane = "--client-certificate jane.crt --client-key jane.key --certificate-authority ca.crt"
    config = json.loads(kubectl.kubeconfig.read_text())["clusters"][0]["cluster"]
    (kubectl.home / "ca.crt").write_bytes(base64.b64decode(config["certificate-authority-data"]))
    empty = {"KUBECONFIG": "/dev/null"}
    said = kubectl(f"auth whoami --server {control.address} {as_jane} -o jsonpath='{{.status.userInfo.username}}'",
                   environment=empty)  # fmt: skip
    assert said.out == "jane"
    kubectl("delete csr jane")
