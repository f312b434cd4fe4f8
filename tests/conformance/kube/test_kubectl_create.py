"""kubectl's generators: each makes what it makes upstream, and the table shows it so."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.cli import Kubectl
from tests.conformance.kube.conftest import new_namespace
from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import Web
from tests.unit.kube.kubectl import needs_kubectl

pytestmark = needs_kubectl

RBAC = "rbac.authorization.k8s.io"
GENERATORS = (
    ("create deployment web --image=busybox --replicas=0 --port=80 -- sleep 1", "deployment.apps/web created"),
    ("create job j --image=busybox -- true", "job.batch/j created"),
    ("create cronjob cj --image=busybox --schedule='0 0 1 1 *'", "cronjob.batch/cj created"),
    ("create job from --from=cronjob/cj", "job.batch/from created"),
    ("create configmap cm --from-literal=a=b --from-literal=c=d", "configmap/cm created"),
    ("create secret generic opaque --from-literal=a=b", "secret/opaque created"),
    ("create secret docker-registry pull --docker-username=u --docker-password=p", "secret/pull created"),
    ("create service clusterip inside --tcp=80:8080", "service/inside created"),
    ("create service clusterip headless --clusterip=None --tcp=80", "service/headless created"),
    ("create service nodeport outside --tcp=80:8080", "service/outside created"),
    ("create service loadbalancer balanced --tcp=80:8080", "service/balanced created"),
    ("create service externalname elsewhere --external-name=foo.example", "service/elsewhere created"),
    ("create ingress way --rule='foo.example/bar=inside:80,tls=cert'", "ingress.networking.k8s.io/way created"),
    ("create pdb budget --selector=app=web --min-available=1", "poddisruptionbudget.policy/budget created"),
    ("create quota most --hard=pods=20,configmaps=30", "resourcequota/most created"),
    ("create role reader --verb=get,list --resource=pods,deployments.apps", f"role.{RBAC}/reader created"),
    ("create rolebinding reads --role=reader --user=u --group=g", f"rolebinding.{RBAC}/reads created"),
    ("create sa robot", "serviceaccount/robot created"),
    ("run single --image=nginx --port=80 --labels=app=single --restart=Never", "pod/single created"),
    ("expose pod single --port=8080 --target-port=80 --name=shown", "service/shown exposed"),
    ("expose deployment web --port=80", "service/web exposed"),
    ("autoscale deployment web --min=1 --max=3 --cpu-percent=50", "horizontalpodautoscaler.autoscaling/web autoscaled"),
)  # fmt: skip


@pytest.fixture(scope="module")
def made(control: Control, web: Web, client_home: Path) -> Iterator[Kubectl]:
    """A namespace in which every generator has run."""
    kubectl = Kubectl(control.kubeconfig, client_home, new_namespace(web))
    for words, said in GENERATORS:
        assert kubectl(words).out == f"{said}\n"
    yield kubectl
    web.delete(f"/api/v1/namespaces/{kubectl.namespace}")


def test_tables_of_what_they_made(made: Kubectl) -> None:
    assert made("get deployments").rows == [["NAME", "READY", "UP-TO-DATE", "AVAILABLE"], ["web", "0/0", "0", "0"]]
    assert made("get deployments -o wide").rows == [
        ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "CONTAINERS", "IMAGES", "SELECTOR"],
        ["web", "0/0", "0", "0", "busybox", "busybox", "app=web"],
    ]
    assert made("get jobs").rows == [
        ["NAME", "STATUS", "COMPLETIONS"], ["from", "Running", "0/1"], ["j", "Running", "0/1"],
    ]  # fmt: skip
    assert made("get cronjobs").rows == [
        ["NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE"],
        ["cj", "0 0 1 1 *", "<none>", "False", "0", "<none>"],
    ]
    assert made("get cm").rows == [["NAME", "DATA"], ["cm", "2"], ["kube-root-ca.crt", "1"]]
    assert made("get secrets").rows == [
        ["NAME", "TYPE", "DATA"],
        ["opaque", "Opaque", "1"],
        ["pull", "kubernetes.io/dockerconfigjson", "1"],
    ]
    assert made("get ing").rows == [
        ["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS"],
        ["way", "<none>", "foo.example", "", "80, 443"],
    ]
    assert made("get role").out.splitlines()[0].split() == ["NAME", "CREATED", "AT"]
    assert made("get rolebindings -o wide").rows == [
        ["NAME", "ROLE", "USERS", "GROUPS", "SERVICEACCOUNTS"],
        ["reads", "Role/reader", "u", "g", ""],
    ]
    assert made("get sa").rows == [["NAME", "SECRETS"], ["default", "0"], ["robot", "0"]]
    assert made("get hpa").rows == [
        ["NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS"],
        ["web", "Deployment/web", "cpu: <unknown>/50%", "1", "3", "0"],
    ]


def test_tables_of_what_controllers_fill_in(made: Kubectl) -> None:
    def pods() -> list[list[str]]:
        return [row for row in made("get pods -l app=single").rows if row]

    assert pods() == [["NAME", "READY", "STATUS", "RESTARTS"], ["single", "0/1", "Pending", "0"]]
    wait_until(lambda: made("get quota most -o json").json["status"].get("used"), "the quota is counted")
    [head, row] = made("get quota").rows
    assert head == ["NAME", "REQUEST", "LIMIT"]
    assert row[0] == "most" and row[1].startswith("configmaps: 2/30, pods: ")
    budget = made("get pdb").rows
    assert budget[0] == ["NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS"]
    assert budget[1] == ["budget", "1", "N/A", "0"]


def test_the_services(made: Kubectl) -> None:
    table = {row[0]: row[1:] for row in made("get services -o wide").rows}
    assert table["NAME"] == ["TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "SELECTOR"]
    assert table["headless"] == ["ClusterIP", "None", "<none>", "80/TCP", "app=headless"]
    assert table["elsewhere"] == ["ExternalName", "<none>", "foo.example", "<none>", "app=elsewhere"]
    assert table["inside"][0] == "ClusterIP" and table["inside"][2:] == ["<none>", "80/TCP", "app=inside"]
    assert table["balanced"][2] == "<pending>" and table["balanced"][3].startswith("80:3")
    assert table["shown"][3:] == ["8080/TCP", "app=single"]
    addresses = {table[name][1] for name in ("inside", "outside", "balanced", "shown", "web")}
    assert len(addresses) == 5 and all(address.startswith("10.") for address in addresses)


def test_what_is_of_the_whole_cluster(kubectl: Kubectl) -> None:
    name = kubectl.namespace
    commands = (
        (f"create priorityclass {name} --value=1000", f"priorityclass.scheduling.k8s.io/{name} created"),
        (f"create clusterrole {name} --verb=get --resource=pods", f"clusterrole.{RBAC}/{name} created"),
        (f"create clusterrole {name}-all --aggregation-rule=a=b", f"clusterrole.{RBAC}/{name}-all created"),
        (
            f"create clusterrolebinding {name} --clusterrole={name} --serviceaccount={name}:default",
            f"clusterrolebinding.{RBAC}/{name} created",
        ),
    )  # fmt: skip
    try:
        for words, said in commands:
            assert kubectl(words).out == f"{said}\n"
        assert kubectl(f"get pc {name}").rows == [
            ["NAME", "VALUE", "GLOBAL-DEFAULT", "PREEMPTIONPOLICY"],
            [name, "1000", "false", "PreemptLowerPriority"],
        ]
        assert kubectl(f"get clusterrolebinding {name} -o wide").rows == [
            ["NAME", "ROLE", "USERS", "GROUPS", "SERVICEACCOUNTS"],
            [name, f"ClusterRole/{name}", "", "", f"{name}/default"],
        ]
    finally:
        kubectl(f"delete pc,clusterrole,clusterrolebinding {name} --ignore-not-found")
        kubectl(f"delete clusterrole {name}-all --ignore-not-found")


def test_a_secret_of_a_certificate(kubectl: Kubectl, tmp_path: Path) -> None:
    key, certificate = tmp_path / "tls.key", tmp_path / "tls.crt"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=x"
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    assert kubectl(f"create secret tls pair --cert={certificate} --key={key}").out == "secret/pair created\n"
    assert kubectl("get secret pair").rows[1] == ["pair", "kubernetes.io/tls", "2"]


def test_a_token_is_good_for_what_it_says(kubectl: Kubectl) -> None:
    kubectl("create sa robot")
    token = kubectl("create token robot --duration=20m --audience=tests").out.strip()
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token, "audiences": ["tests"]},
    }
    status = json.loads(kubectl("create -o json -f -", json.dumps(body)).out)["status"]
    assert status["authenticated"] is True
    assert status["user"]["username"] == f"system:serviceaccount:{kubectl.namespace}:robot"
    assert status["audiences"] == ["tests"]


def test_what_is_there_already_is_said_to_be(kubectl: Kubectl) -> None:
    kubectl("create cm a")
    assert kubectl.fails("create cm a") == 'error: failed to create configmap: configmaps "a" already exists\n'
    text = json.dumps(manifests.configmap("a"))
    assert kubectl.fails("create -f -", text) == (
        'Error from server (AlreadyExists): error when creating "STDIN": configmaps "a" already exists\n'
    )


def test_what_is_wrong_is_said_so(kubectl: Kubectl) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "Bad_1", "labels": {"a": "b c"}}}
    said = kubectl.fails("create -f -", json.dumps({**pod, "spec": {"containers": [], "restartPolicy": "Foo"}}))
    assert said.splitlines()[0] == 'The Pod "Bad_1" is invalid: '
    assert '* metadata.name: Invalid value: "Bad_1": a lowercase RFC 1123 subdomain must consist of ' in said
    assert '* metadata.labels: Invalid value: "b c": a valid label must be an empty string or consist of ' in said
    assert "* spec.containers: Required value\n" in said
    assert '* spec.restartPolicy: Unsupported value: "Foo": supported values: ' in said


def test_unknown_fields_are_refused_told_of_or_not(kubectl: Kubectl) -> None:
    text = json.dumps({**manifests.configmap("a"), "foo": 1})
    assert kubectl.fails("create -f -", text) == (
        'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a '
        'ConfigMap: strict decoding error: unknown field "foo"\n'
    )
    assert kubectl("create --validate=warn -f -", text).err == 'Warning: unknown field "foo"\n'
    assert kubectl("replace --validate=ignore -f -", text).said == "configmap/a replaced\n"


def test_a_kind_that_nobody_knows(kubectl: Kubectl) -> None:
    said = kubectl.fails("create -f -", json.dumps({"apiVersion": "nope/v1", "kind": "Foo", "metadata": {"name": "a"}}))
    assert said == (
        'error: resource mapping not found for name: "a" namespace: "" from "STDIN": no matches for kind "Foo" in '
        'version "nope/v1"\nensure CRDs are installed first\n'
    )


def test_generated_names(kubectl: Kubectl) -> None:
    manifest = {**manifests.configmap(""), "metadata": {"generateName": "gen-"}}
    names = {kubectl("create -o name -f -", json.dumps(manifest)).out.strip() for _ in range(3)}
    assert len(names) == 3 and all(name.startswith("configmap/gen-") and len(name) == 19 for name in names)


def test_dry_runs_make_nothing(kubectl: Kubectl) -> None:
    shown = kubectl("create cm a --from-literal=x=y --dry-run=server -o json").json
    assert shown["metadata"]["uid"] and "resourceVersion" not in shown["metadata"]
    assert kubectl("run p --image=b --dry-run=client").out == "pod/p created (dry run)\n"
    assert kubectl("create sa a --dry-run=server").out == "serviceaccount/a created (server dry run)\n"
    assert kubectl("get cm,sa,pods -o name").out == "configmap/kube-root-ca.crt\nserviceaccount/default\n"
