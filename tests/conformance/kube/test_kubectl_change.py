"""Imperative commands: set, label, annotate, scale, rollout, delete."""

import json

from tests.conformance.kube import manifests
from tests.conformance.kube.cli import Kubectl
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.web import Web
from tests.unit.kube.kubectl import needs_kubectl

pytestmark = needs_kubectl


def deploy(kubectl: Kubectl, name: str = "web", replicas: int = 0) -> None:
    """And wait for its controller to have seen it."""
    kubectl("create -f -", json.dumps(manifests.deployment(name, replicas=replicas)))
    until_revision(kubectl, name, 1)


def until_revision(kubectl: Kubectl, name: str, revision: int) -> None:
    mark = "jsonpath={.metadata.annotations.deployment\\.kubernetes\\.io/revision}"
    wait_until(lambda: kubectl(f"get deployment {name} -o '{mark}'").out == str(revision), f"revision {revision}")


def container(kubectl: Kubectl, name: str = "web") -> dict[str, object]:
    found = kubectl(f"get deployment {name} -o json").json["spec"]["template"]["spec"]["containers"][0]
    assert isinstance(found, dict)
    return found


def test_set(kubectl: Kubectl) -> None:
    deploy(kubectl)
    said = "deployment.apps/web {} updated\n"
    assert kubectl("set image deployment/web c=busybox:2").out == said.format("image")
    assert kubectl("set env deployment/web A=b").out == said.format("env")
    assert kubectl("set env deployment/web --list").out == "# Deployment web, container c\nA=b\n"
    limits = "--limits=cpu=200m,memory=512Mi --requests=cpu=100m"
    assert kubectl(f"set resources deployment web {limits}").out == said.format("resource requirements")
    kubectl("create sa robot")
    assert kubectl("set serviceaccount deployment web robot").out == said.format("serviceaccount")
    assert container(kubectl)["image"] == "busybox:2"
    assert container(kubectl)["env"] == [{"name": "A", "value": "b"}]
    assert container(kubectl)["resources"] == {
        "limits": {"cpu": "200m", "memory": "512Mi"}, "requests": {"cpu": "100m"},
    }  # fmt: skip
    kubectl("create service clusterip svc --tcp=80")
    assert kubectl("set selector service svc app=web").out == "service/svc selector updated\n"
    kubectl("create rolebinding rb --clusterrole=view --user=a")
    assert kubectl("set subject rolebinding rb --user=b --serviceaccount=x:y").out == (
        "rolebinding.rbac.authorization.k8s.io/rb subjects updated\n"
    )
    assert kubectl("get rolebinding rb -o wide").rows[1] == ["rb", "ClusterRole/view", "a, b", "", "x/y"]


def test_labels_and_annotations(kubectl: Kubectl) -> None:
    kubectl("create cm cm")
    assert kubectl("label cm cm a=1").out == "configmap/cm labeled\n"
    assert kubectl("label cm cm a=1").out == "configmap/cm not labeled\n"
    assert kubectl.fails("label cm cm a=2") == "error: 'a' already has a value (1), and --overwrite is false\n"
    assert kubectl("label cm cm a=2 --overwrite").out == "configmap/cm labeled\n"
    assert kubectl("label cm cm a-").out == "configmap/cm unlabeled\n"
    assert kubectl("label cm cm a-").out.splitlines() == ['label "a" not found.', "configmap/cm not labeled"]
    assert kubectl("label cm --all --list").out.startswith("Listing labels for ConfigMap./cm:\n")
    said = kubectl.fails("label cm cm 'bad key=1'")
    assert said.startswith(
        'The ConfigMap "cm" is invalid: metadata.labels: Invalid value: "bad key": name part must consist of '
    )
    assert kubectl("annotate cm cm x=y").out == "configmap/cm annotated\n"
    assert kubectl("annotate cm cm x-").out == "configmap/cm annotated\n"
    old = kubectl("get cm cm -o jsonpath={.metadata.resourceVersion}").out
    kubectl("annotate cm cm x=z")
    said = kubectl.fails(f"annotate cm cm x=y --overwrite --resource-version={old}")
    assert said.startswith("Error from server (Conflict): Operation cannot be fulfilled on configmaps")


def test_scale(kubectl: Kubectl) -> None:
    deploy(kubectl)
    assert kubectl("scale deployment/web --replicas=2").out == "deployment.apps/web scaled\n"
    assert kubectl.fails("scale deployment/web --current-replicas=5 --replicas=3") == (
        "error: Expected replicas to be 5, was 2\n"
    )
    assert kubectl("scale deployment/web --current-replicas=2 --replicas=0").out == "deployment.apps/web scaled\n"
    assert kubectl.fails("scale deployment/nope --replicas=0") == (
        'error: no objects passed to scale deployments.apps "nope" not found\n'
    )
    assert kubectl.fails("scale sa/default --replicas=0") == (
        "Error from server (NotFound): the server could not find the requested resource\n"
    )


def test_rollouts_of_a_deployment(kubectl: Kubectl) -> None:
    deploy(kubectl)
    kubectl("annotate deployment web kubernetes.io/change-cause=first")
    kubectl("set image deployment/web c=busybox:2")
    until_revision(kubectl, "web", 2)
    assert kubectl("rollout status deployment/web --timeout=100s").out.endswith(
        'deployment "web" successfully rolled out\n'
    )
    history = kubectl("rollout history deployment/web").out.splitlines()
    assert history[:2] == ["deployment.apps/web ", "REVISION  CHANGE-CAUSE"]
    assert [line.split()[0] for line in history[2:] if line] == ["1", "2"]
    assert "    Image:\tbusybox:1\n" in kubectl("rollout history deployment/web --revision=1").out
    assert kubectl("rollout undo deployment/web").out == "deployment.apps/web rolled back\n"
    until_revision(kubectl, "web", 3)
    assert container(kubectl)["image"] == "busybox:1"
    assert (
        kubectl.fails("rollout undo deployment/web --to-revision=9")
        == "error: unable to find specified revision 9 in history\n"
    )
    assert kubectl("rollout restart deployment/web").out == "deployment.apps/web restarted\n"
    assert kubectl("rollout pause deployment/web").out == "deployment.apps/web paused\n"
    assert kubectl.fails("rollout pause deployment/web") == 'error: deployments.apps "web" is already paused\n'
    assert kubectl.fails("rollout restart deployment/web").startswith(
        'error: deployments.apps "web" can\'t restart paused deployment'
    )
    assert kubectl("rollout resume deployment/web").out == "deployment.apps/web resumed\n"
    assert kubectl.fails("rollout resume deployment/web") == 'error: deployments.apps "web" is not paused\n'


def test_a_rollout_that_does_not_end(kubectl: Kubectl) -> None:
    deploy(kubectl, replicas=2)
    said = kubectl.fails("rollout status deployment/web --timeout=1s")
    assert said.endswith("error: timed out waiting for the condition\n") and "Waiting for deployment" in said


def test_rollouts_of_other_workloads(kubectl: Kubectl) -> None:
    template = manifests.deployment("x")["spec"]["template"]
    for kind, more in (("StatefulSet", {"serviceName": "x", "replicas": 0}), ("DaemonSet", {})):
        spec = {"selector": {"matchLabels": {"app": "x"}}, "template": template, **more}
        kubectl(
            "create -f -", json.dumps({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec})
        )
        word = kind.lower()

        def revisions(word: str = word, count: int = 1) -> bool:
            lines = kubectl(f"rollout history {word}/x").out.splitlines()
            return [line.split()[0] for line in lines[2:] if line] == [str(each + 1) for each in range(count)]

        wait_until(revisions, f"the {word}'s first revision")
        kubectl(f"set image {word}/x c=busybox:2")
        wait_until(lambda revisions=revisions: revisions(count=2), f"the {word}'s second revision")
        assert kubectl(f"rollout undo {word}/x").out == f"{word}.apps/x rolled back\n"
        image = f"get {word} x -o jsonpath={{.spec.template.spec.containers[0].image}}"
        assert kubectl(image).out == "busybox:1"
        assert kubectl(f"rollout restart {word}/x").out == f"{word}.apps/x restarted\n"


def test_deleting(kubectl: Kubectl) -> None:
    for name in ("a", "b", "c", "d"):
        kubectl(f"create cm {name}")
    kubectl("label cm c d set=1")
    done = kubectl.run("delete cm a nope")
    assert (done.code, done.out) == (1, 'configmap "a" deleted\n')
    assert done.err == 'Error from server (NotFound): configmaps "nope" not found\n'
    assert kubectl("delete cm a --ignore-not-found").said == ""
    assert kubectl("delete cm b --dry-run=server").out == 'configmap "b" deleted (server dry run)\n'
    assert kubectl("delete cm -l set=1").out == 'configmap "c" deleted\nconfigmap "d" deleted\n'
    assert kubectl("delete cm b --now").out == 'configmap "b" deleted\n'
    kubectl("run p --image=busybox")
    assert kubectl("delete pod p --force --grace-period=0").out == 'pod "p" force deleted\n'
    for name in ("p", "q"):
        kubectl(f"run {name} --image=busybox")
    assert kubectl("delete pods --all").out == 'pod "p" deleted\npod "q" deleted\n'
    assert kubectl("delete pods --all").out == "No resources found\n"
    assert kubectl("get cm -o name").out == "configmap/kube-root-ca.crt\n"


def test_what_becomes_of_dependents(kubectl: Kubectl) -> None:
    for name in ("gone", "kept", "waited"):
        deploy(kubectl, name)
    assert kubectl("delete deployment gone").out == 'deployment.apps "gone" deleted\n'
    assert kubectl("delete deployment kept --cascade=orphan").out == 'deployment.apps "kept" deleted\n'
    assert kubectl("delete deployment waited --cascade=foreground").out == 'deployment.apps "waited" deleted\n'

    def owners() -> dict[str, bool]:
        sets = kubectl("get rs -o json").json["items"]
        return {each["metadata"]["labels"]["app"]: "ownerReferences" in each["metadata"] for each in sets}

    wait_until(lambda: owners() == {"kept": False}, "the others' replica sets go")


def test_deletion_waits_for_finalizers(kubectl: Kubectl, web: Web) -> None:
    path = f"/api/v1/namespaces/{kubectl.namespace}/configmaps"
    web.post(path, {"metadata": {"name": "held", "finalizers": ["tests.example/held"]}}).ok()
    said = kubectl.fails("delete cm held --timeout=1s")
    assert said.startswith('configmap "held" deleted\n')
    assert said.endswith("error: timed out waiting for the condition on configmaps/held\n")
    with kubectl.start("wait --for=delete cm/held --timeout=100s -v=6") as waiting:
        assert waiting.stderr is not None
        asked = next(line for line in waiting.stderr if "/configmaps" in line)
        assert "200" in asked  # it has seen it, and waits
        web.patch(f"{path}/held", {"metadata": {"finalizers": None}}).ok()
        assert waiting.communicate(timeout=120)[0] == "configmap/held condition met\n"


def test_deleting_everything(kubectl: Kubectl) -> None:
    deploy(kubectl)
    kubectl("create service clusterip svc --tcp=80")
    kubectl("create cronjob cj --image=b --schedule='0 0 1 1 *'")
    said = kubectl("delete all --all").out
    assert {'service "svc" deleted', 'deployment.apps "web" deleted', 'cronjob.batch "cj" deleted'} <= set(
        said.splitlines()
    )
    wait_until(lambda: kubectl("get all -o name").out == "", "nothing is left")


def test_a_namespace_goes_with_all_that_is_in_it(kubectl: Kubectl) -> None:
    name = f"{kubectl.namespace}-doomed"
    kubectl(f"create ns {name}")
    kubectl(f"create cm a -n {name}")
    assert kubectl(f"delete ns {name} --timeout=100s").out == f'namespace "{name}" deleted\n'
    assert kubectl.fails(f"get ns {name}") == f'Error from server (NotFound): namespaces "{name}" not found\n'
    assert kubectl(f"get cm -n {name}").out == ""
