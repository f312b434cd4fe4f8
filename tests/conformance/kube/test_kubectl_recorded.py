"""The commands that people use most, by every kubectl that there is: 56 of them, each as far as it goes without a node.

What a node would answer must be refused in words, and at once.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.cli import Done, Kubectl, all_versions, version_id
from tests.conformance.kube.conftest import new_namespace
from tests.conformance.kube.nodes import REFUSED, add_node, heartbeat, remove_node
from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import JSON_PATCH, MERGE, Web
from tests.unit.kube.kubectl import needs_kubectl

pytestmark = needs_kubectl

_COLOUR = re.compile(r"\x1b\[[\d;]*m")  # cluster-info shone until 1.31
AGE = r"\d+m?s"
NO_NODE = rf"(?s).*(Error from server( \(\w+\))?|[Ee]rror: .*): .*{REFUSED}\n"
IMAGE = "/spec/template/spec/containers/0/image"
BEFORE_V1 = "error: the selfsubjectreviews API is not enabled in the cluster\n.*\n"
"""What kubectl 1.27 says of ``auth whoami``, also upstream: it asks for beta versions, which are not served."""
PODS = rf"NAME   READY   STATUS    RESTARTS   AGE\np1     1/1     Running   0          {AGE}\n"
COMMANDS: tuple[tuple[str, int, str], ...] = (
    ("get pods", 0, PODS),
    ("get pods -w --request-timeout=1s", 0, PODS),
    ("get pod p1 -o yaml", 0, r"(?s)apiVersion: v1\nkind: Pod\nmetadata:\n.*  phase: Running\n.*"),
    ("describe pod p1", 0, r"(?s)Name: +p1\nNamespace: +NS\n.*Node: +NODE/\n.*    State: +Running\n.*"),
    ("describe deploy web", 0, r"(?s)Name: +web\nNamespace: +NS\n.*Selector: +app=web\nReplicas: +0 desired .*"),
    ("describe node NODE", 0, r"(?s)Name: +NODE\nRoles: +<none>\n.*Non-terminated Pods: +\(1 in total\)\n.*"),
    ("explain pod.spec", 0, r"(?s)KIND: +Pod\nVERSION: +v1\n.*FIELD: spec <PodSpec>\n.*containers\t.* -required-\n.*"),
    ("apply -f cm1.json", 0, r"configmap/cm1 created\n"),
    ("apply -f web.json", 0, r"deployment.apps/web configured\nWarning: resource deployments/web is missing .*\n"),
    ("apply --server-side -f ssa.json", 0, r"configmap/ssa serverside-applied\n"),
    ("apply --server-side --dry-run=server -f ssa.json", 0, r"configmap/ssa serverside-applied \(server dry run\)\n"),
    ("diff -f web2.json", 1, r"(?s)diff -u -N .*\n-      - image: busybox:1\n\+      - image: busybox:2\n.*"),
    ("create -f cm2.json", 0, r"configmap/cm2 created\n"),
    ("create cm foo --from-literal=a=b", 0, r"configmap/foo created\n"),
    ("create deployment d --image=busybox --replicas=0", 0, r"deployment.apps/d created\n"),
    ("create job j --image=busybox", 0, r"job.batch/j created\n"),
    ("create ns NS-other", 0, r"namespace/NS-other created\n"),
    ("create sa s1", 0, r"serviceaccount/s1 created\n"),
    ("create role r --verb=get --resource=pods", 0, r"role.rbac.authorization.k8s.io/r created\n"),
    ("create secret generic s --from-literal=a=b", 0, r"secret/s created\n"),
    ("create token default", 0, r"[\w-]+\.[\w-]+\.[\w-]+\n?"),
    ("replace -f cm2.json", 0, r"configmap/cm2 replaced\n"),
    ("edit deploy web", 0, r"deployment.apps/web edited\n"),
    ("label pod p1 x=y", 0, r"pod/p1 labeled\n"),
    ("annotate pod p1 a=b", 0, r"pod/p1 annotated?\n"),
    ("taint node NODE k=v:NoSchedule", 0, r"node/NODE tainted\n"),
    ("cordon NODE", 0, r"node/NODE cordoned\n"),
    ("rollout status deploy/web --timeout=100s", 0, r'(Waiting for .*\n)*deployment "web" successfully rolled out\n'),
    ("rollout history deploy/web", 0, r"deployment.apps/web \nREVISION  CHANGE-CAUSE\n(\d         <none>\n){3}\n"),
    ("rollout undo deploy/web --to-revision=1", 0, r"deployment.apps/web rolled back\n"),
    ("rollout restart deploy/web", 0, r"deployment.apps/web restarted\n"),
    ("rollout pause deploy/web", 0, r"deployment.apps/web paused\n"),
    ("scale deploy/web --replicas=3", 0, r"deployment.apps/web scaled\n"),
    ("autoscale deploy/web --min=1 --max=3", 0, r"horizontalpodautoscaler.autoscaling/web autoscaled\n"),
    ("expose deploy web --port=80 --name=web2", 0, r"service/web2 exposed\n"),
    ("run r1 --image=busybox", 0, r"pod/r1 created\n"),
    ("set image deploy/web c=bb:3", 0, r"deployment.apps/web image updated\n"),
    ("logs p1 --tail=5 --timestamps", 1, NO_NODE),
    ("logs -f deploy/web", 0, r"Found 3 pods, using pod/web-\w+-\w+\n"),
    ("exec p1 -- ls", 1, NO_NODE),
    ("attach p1", 1, NO_NODE),
    ("cp p1:/etc/hosts hosts.copy", 1, NO_NODE),
    ("port-forward p1 18999:80", 1, NO_NODE),
    ("top pods", 1, r"error: metrics not available yet\n"),
    ("top nodes", 1, r"error: metrics not available yet\n"),
    ("wait --for=condition=Ready pod/p1 --timeout=100s", 0, r"pod/p1 condition met\n"),
    ("debug p1 --image=busybox", 0, r"(Defaulting debug container .*\n|--profile=legacy is deprecated .*\n)*"),
    ("auth can-i get pods", 0, r"yes\n"),
    ("auth can-i --list", 0, r"(?s)Resources +Non-Resource URLs +Resource Names +Verbs\n\*\.\* +\[\] +\[\] .*"),
    ("auth whoami", 0, r"(?s)ATTRIBUTE +VALUE\nUsername +kubernetes-admin\nGroups +\[kubeadm:cluster-admins .*"),
    ("delete cm cm1", 0, r'configmap "cm1" deleted\n'),
    ("cluster-info", 0, r"Kubernetes control plane is running at https:.*\n(.+\n)*\nTo further debug .*\n"),
    ("version", 0, r"(?s).*Server Version: .*v1\.37\.0.*"),
    ("events", 0, r"(?s)No events found in NS namespace\.\n|LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n.*"),
    ("api-resources", 0, r"(?s)NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\n.*\ndeployments +deploy +apps/v1 .*"),
    ("drain NODE --force --timeout=1s", 1, r"(?s)node/NODE already cordoned\n.*evicting pod NS/p1\n.*error.*"),
)  # fmt: skip


def test_there_are_56_commands() -> None:
    assert len(COMMANDS) == 56


@pytest.fixture(scope="module")
def sessions(
    control: Control, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[int, int], tuple[str, list[Done]]]]:
    """What each version did in which namespace, several of them side by side."""

    def session(version: tuple[int, int]) -> tuple[str, list[Done]]:
        web = control.web()
        namespace = new_namespace(web, "recorded")
        home = tmp_path_factory.mktemp(f"kubectl-{version_id(version)}")
        _prepare(web, namespace, home)
        done = _session(Kubectl(control.kubeconfig, home, namespace, version), web)
        remove_node(web, f"n-{namespace}")
        for each in (namespace, f"{namespace}-other"):
            web.delete(f"/api/v1/namespaces/{each}")
        web.close()
        return namespace, done

    with ThreadPoolExecutor(max_workers=4) as pool:
        versions = all_versions()
        yield dict(zip(versions, pool.map(session, versions), strict=True))


def _session(kubectl: Kubectl, web: Web) -> list[Done]:
    editor = kubectl.home / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/busybox:1/busybox:5/" "$1"\n')
    editor.chmod(0o755)
    environment = {"KUBE_EDITOR": str(editor), "KUBECTL_EXTERNAL_DIFF": ""}
    found = []
    pods = f"/api/v1/namespaces/{kubectl.namespace}/pods?labelSelector=app%3Dweb"
    for words, _, _ in COMMANDS:
        if words == "logs -f deploy/web":
            wait_until(lambda: len(web.get(pods).ok()["items"]) == 3, "the three that were asked for are there")
        found.append(kubectl.run(_named(words, kubectl.namespace), "", environment))
        heartbeat(web, f"n-{kubectl.namespace}")
    return found


def _named(text: str, namespace: str) -> str:
    return text.replace("NODE", f"n-{namespace}").replace("NS", namespace)


def _prepare(web: Web, namespace: str, home: Path) -> None:
    """A pod that runs on a node that is there, a deployment with a past; and the files that the commands name."""
    node, here = f"n-{namespace}", f"/api/v1/namespaces/{namespace}"
    add_node(web, node)
    web.post(f"{here}/pods", manifests.pod("p1", node=node)).ok()
    web.patch(f"{here}/pods/p1/status", {"status": manifests.running()}, MERGE).ok()
    apps = f"/apis/apps/v1/namespaces/{namespace}"
    web.post(f"{apps}/deployments", manifests.deployment("web", image="busybox:0")).ok()
    wait_for_revision(web, f"{apps}/deployments/web", 1)
    web.patch(f"{apps}/deployments/web", [{"op": "replace", "path": IMAGE, "value": "busybox:1"}], JSON_PATCH).ok()
    wait_for_revision(web, f"{apps}/deployments/web", 2)
    for name, content in (
        ("cm1", manifests.configmap("cm1", a="1")), ("cm2", manifests.configmap("cm2", a="1")),
        ("ssa", manifests.configmap("ssa", a="1")), ("web", manifests.deployment("web")),
        ("web2", manifests.deployment("web", image="busybox:2")),
    ):  # fmt: skip
        manifests.write(home / f"{name}.json", content)


def wait_for_revision(web: Web, path: str, revision: int) -> None:
    """Until a deployment's controller has seen its newest template."""
    mark = "deployment.kubernetes.io/revision"
    wait_until(lambda: web.get(path).ok()["metadata"].get("annotations", {}).get(mark) == str(revision), path)


@pytest.mark.parametrize("version", all_versions(), ids=version_id)
def test_every_command_does_what_it_does_upstream(
    version: tuple[int, int], sessions: dict[tuple[int, int], tuple[str, list[Done]]]
) -> None:
    namespace, all_done = sessions[version]
    wrong = []
    for (words, code, pattern), done in zip(COMMANDS, all_done, strict=True):
        expected = _named(pattern, namespace)
        if words == "auth whoami" and version < (1, 28):
            code, expected = 1, BEFORE_V1
        if done.code != code or not re.fullmatch(expected, _COLOUR.sub("", done.said)):
            wrong.append(f"$ kubectl {words}\n{done.code} (expected {code})\n{done.said}\nexpected: {expected}\n")
    assert not wrong, "\n".join(wrong)
