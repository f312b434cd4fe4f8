"""Helm 4, as the library that carries it: a chart's whole life."""

import json
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import Web

helm = pytest.importorskip("helm_python")

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: demo\nversion: 0.1.0\nappVersion: '1'\n",
    "values.yaml": "image: busybox:1\nport: 80\nmessage: hello\nextra: true\n",
    "crds/parts.yaml": """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: parts.helm.tests.example}
        spec:
          group: helm.tests.example
          scope: Namespaced
          names: {plural: parts, singular: part, kind: Part}
          versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                properties: {spec: {type: object, properties: {size: {type: integer}}}}
        """,
    "templates/part.yaml": """
        apiVersion: helm.tests.example/v1
        kind: Part
        metadata: {name: "{{ .Release.Name }}"}
        spec: {size: 3}
        """,
    "templates/deployment.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: "{{ .Release.Name }}", labels: {app.kubernetes.io/managed-by: "{{ .Release.Service }}"}}
        spec:
          replicas: 0
          selector: {matchLabels: {app: "{{ .Release.Name }}"}}
          template:
            metadata: {labels: {app: "{{ .Release.Name }}"}}
            spec: {containers: [{name: c, image: "{{ .Values.image }}", ports: [{containerPort: 80}]}]}
        """,
    "templates/service.yaml": """
        apiVersion: v1
        kind: Service
        metadata: {name: "{{ .Release.Name }}"}
        spec: {selector: {app: "{{ .Release.Name }}"}, ports: [{port: {{ .Values.port }}}]}
        """,
    "templates/config.yaml": """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "{{ .Release.Name }}"}
        data: {message: "{{ .Values.message }}", kubernetes: "{{ .Capabilities.KubeVersion.Minor }}"}
        {{- if .Values.extra }}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: "{{ .Release.Name }}"}
        stringData: {password: "{{ .Values.message }}"}
        {{- end }}
        """,
    "templates/hook.yaml": """
        apiVersion: batch/v1
        kind: Job
        metadata:
          name: "{{ .Release.Name }}-before"
          annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation}
        spec:
          template:
            spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: ["true"]}]}
        """,
}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """On disk."""
    for name, text in CHART.items():
        path = tmp_path / "demo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return tmp_path / "demo"


@pytest.fixture
def config(control: Control, namespace: str) -> Iterator[Any]:
    """Helm's, in a namespace of its own."""
    with helm.Config(kubeconfig_path=control.kubeconfig, namespace=namespace) as made:
        yield made


@pytest.fixture
def finisher(control: Control, namespace: str) -> Iterator[None]:
    """Says of every job of the namespace that it has been done, as no node does it."""
    web, ended = control.web(), threading.Event()
    path = f"/apis/batch/v1/namespaces/{namespace}/jobs"

    def finish() -> None:
        while not ended.wait(0.1):
            for job in web.get(path).ok()["items"]:
                if not job.get("status", {}).get("completionTime"):
                    web.patch(f"{path}/{job['metadata']['name']}/status", {"status": finished(job)})  # or the next time
        web.close()

    thread = threading.Thread(target=finish)
    thread.start()
    yield
    ended.set()
    thread.join()


def finished(job: dict[str, Any]) -> dict[str, Any]:
    """The status of a job that has succeeded, not before it was begun: the controller says when, maybe a second later
    than it was made."""
    now = job.get("status", {}).get("startTime") or job["metadata"]["creationTimestamp"]
    conditions = [
        {"type": name, "status": "True", "lastProbeTime": now, "lastTransitionTime": now}
        for name in ("SuccessCriteriaMet", "Complete")
    ]
    return {
        "startTime": now, "completionTime": now, "succeeded": 1,
        "active": None, "ready": 0, "conditions": conditions, "uncountedTerminatedPods": {},
    }  # fmt: skip


def test_a_release_lives_its_life(web: Web, namespace: str, config: Any, chart: Path, finisher: None) -> None:
    here = f"/api/v1/namespaces/{namespace}"
    release = config.install(chart, "demo", {"message": "one"}, wait="watcher", timeout=100)
    assert (release["revision"], release["status"]) == (1, "deployed")
    assert web.get(f"{here}/configmaps/demo").ok()["data"] == {"message": "one", "kubernetes": "37"}
    assert web.get(f"/apis/helm.tests.example/v1/namespaces/{namespace}/parts/demo").ok()["spec"] == {"size": 3}
    made = web.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/demo").ok()
    owned = [each for each in made["metadata"]["managedFields"] if each["operation"] == "Apply"]
    assert owned and "f:image" in json.dumps(owned[0]["fieldsV1"])

    release = config.upgrade(chart, "demo", {"message": "two", "image": "busybox:2", "extra": False}, timeout=100)
    assert release["revision"] == 2
    assert web.get(f"{here}/configmaps/demo").ok()["data"]["message"] == "two"
    assert web.get(f"{here}/secrets/demo").code == 404
    assert config.get_values("demo") == {"message": "two", "image": "busybox:2", "extra": False}
    assert config.get_values("demo", all_values=True)["port"] == 80

    config.rollback("demo", version=1, timeout=100)
    assert web.get(f"{here}/configmaps/demo").ok()["data"]["message"] == "one"
    assert web.get(f"{here}/secrets/demo").code == 200
    history = config.history("demo")
    assert [each["revision"] for each in history] == [1, 2, 3]
    assert [each["status"] for each in history] == ["superseded", "superseded", "deployed"]
    assert [each["name"] for each in config.list()] == ["demo"]
    stored = web.get(f"{here}/secrets?labelSelector=owner%3Dhelm").ok()["items"]
    assert {each["type"] for each in stored} == {"helm.sh/release.v1"} and len(stored) == 3

    config.uninstall("demo", timeout=100, wait="watcher")
    assert config.list() == []
    for path in ("services/demo", "configmaps/demo", "secrets/demo"):
        wait_until(lambda path=path: web.get(f"{here}/{path}").code == 404, path)
    definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/parts.helm.tests.example"
    web.delete(definition).ok()
    wait_until(lambda: web.get(definition).code == 404, "the next test makes it anew")


def test_a_dry_run_makes_nothing(web: Web, namespace: str, config: Any, chart: Path) -> None:
    (chart / "templates" / "part.yaml").unlink()  # its kind is not there: a dry run makes no definitions
    release = config.install(chart, "demo", {"message": "dry"}, dry_run="server")
    assert 'message: "dry"' in release["manifest"]
    assert config.list(all_states=True) == []
    assert web.get(f"/api/v1/namespaces/{namespace}/services").ok()["items"] == []


def test_what_the_server_refuses_fails_the_release(config: Any, chart: Path, finisher: None) -> None:
    with pytest.raises(helm.HelmError, match=r"spec.ports\[0\].port: Invalid value: 99999"):
        config.install(chart, "demo", {"port": 99999}, timeout=100)
    assert [each["status"] for each in config.list(all_states=True)] == ["failed"]
    config.uninstall("demo", timeout=100)


def test_a_release_that_is_not_there(config: Any) -> None:
    with pytest.raises(helm.HelmNotFoundError):
        config.status("nope")


def test_namespaces_are_made_for_a_release(web: Web, control: Control, namespace: str, chart: Path) -> None:
    (chart / "templates" / "hook.yaml").unlink()
    name = f"{namespace}-helm"
    with helm.Config(kubeconfig_path=control.kubeconfig, namespace=name) as config:
        config.install(chart, "demo", create_namespace=True, timeout=100)
        assert web.get(f"/api/v1/namespaces/{name}/services/demo").code == 200
        config.uninstall("demo", timeout=100)
    web.delete(f"/api/v1/namespaces/{name}").ok()
