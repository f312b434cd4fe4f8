"""Helm 4 where pods run: hooks, tests, upgrades that fail and what is changed by hand."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wherry
from tests.conformance.kube.whole import Commands

helm = pytest.importorskip("helm_python")

JOB = """
    ---
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: {name}
      annotations:
        helm.sh/hook: {when}
        helm.sh/hook-weight: "{weight}"
        helm.sh/hook-delete-policy: {policy}
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 0
          volumes: [{{name: notes, persistentVolumeClaim: {{claimName: notes}}}}]
          containers:
          - name: c
            image: demo:1
            command: [sh, -c, "echo {name} >> /notes/all; test {name} != {{{{ .Values.fails }}}}"]
            volumeMounts: [{{name: notes, mountPath: /notes}}]
"""
HOOKS = [
    ("second", "pre-install", 5, "before-hook-creation"),
    ("first", "pre-install", -5, "hook-succeeded"),
    ("third", "post-install", 0, "before-hook-creation"),
    ("fourth", "pre-upgrade", 0, "before-hook-creation"),
]
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: app\nversion: 0.1.0\n",
    "values.yaml": "message: one\nready: 'true'\nfails: none\n",
    "templates/hooks.yaml": "".join(
        JOB.format(name=name, when=when, weight=weight, policy=policy) for name, when, weight, policy in HOOKS
    ),
    "templates/app.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: app}
        spec:
          replicas: 1
          selector: {matchLabels: {app: app}}
          template:
            metadata: {labels: {app: app}}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - name: c
                image: demo:1
                command: [httpd, -f, -p, "80", -h, /etc]
                env: [{name: MESSAGE, value: "{{ .Values.message }}"}]
                readinessProbe: {exec: {command: ["{{ .Values.ready }}"]}, periodSeconds: 1}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: app}
        spec: {selector: {app: app}, ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}
        {{- $old := lookup "v1" "Secret" .Release.Namespace "kept" }}
        data: {word: "{{ if $old }}{{ $old.data.word }}{{ else }}{{ randAlphaNum 12 | b64enc }}{{ end }}"}
        """,
    "templates/test.yaml": """
        apiVersion: v1
        kind: Pod
        metadata: {name: ask, annotations: {helm.sh/hook: test}}
        spec:
          restartPolicy: Never
          containers: [{name: c, image: "demo:1", command: [wget, -qO-, "http://app/hostname"]}]
        """,
}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """On disk."""
    for name, text in CHART.items():
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return tmp_path / "app"


@pytest.fixture
def config(whole: wherry.Cluster, inside: Commands) -> Iterator[Any]:
    """Helm's, in a namespace of its own that has a claim for the hooks."""
    inside.apply({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "notes"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    })  # fmt: skip
    with helm.Config(kubeconfig_path=whole.kubeconfig, namespace=inside.namespace) as made:
        yield made


def message(inside: Commands) -> str:
    """That of the deployment's pods."""
    return str(inside.json("deployment", "app")["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"])


def states(config: Any) -> list[str]:
    return [each["status"] for each in config.history("app")]


def test_hooks_run_in_order_and_tests_are_asked(config: Any, inside: Commands, chart: Path) -> None:
    config.install(chart, "app", wait="watcher", timeout=100)
    assert inside.json("deployment", "app")["status"]["readyReplicas"] == 1
    inside.apply({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "reader"},
        "spec": {
            "restartPolicy": "Never",
            "volumes": [{"name": "notes", "persistentVolumeClaim": {"claimName": "notes"}}],
            "containers": [{
                "name": "c", "image": "demo:1", "command": ["cat", "/notes/all"],
                "volumeMounts": [{"name": "notes", "mountPath": "/notes"}],
            }],
        },
    })  # fmt: skip
    inside.until("Succeeded", "get", "pod", "reader", "-o", "jsonpath={.status.phase}")
    assert inside("logs", "reader").split() == ["first", "second", "third"]
    left = {each["metadata"]["name"] for each in inside.json("jobs")["items"]}
    assert left == {"second", "third"}, "what has succeeded is deleted where the chart says so"

    tested = config.test("app", timeout=100, logs=True)
    pod = inside.json("pods", "--selector=app=app")["items"][0]["metadata"]["name"]
    assert pod in tested["logs"]


def test_an_upgrade_that_fails_is_taken_back(config: Any, inside: Commands, chart: Path) -> None:
    config.install(chart, "app", wait="watcher", timeout=100)
    word = inside.json("secret", "kept")["data"]["word"]
    with pytest.raises(helm.HelmError, match="not ready"):
        config.upgrade(
            chart, "app", {"message": "two", "ready": "false"}, wait="watcher", timeout=12, rollback_on_failure=True
        )
    assert states(config) == ["superseded", "failed", "deployed"]
    assert message(inside) == "one"

    with pytest.raises(helm.HelmError, match=r"pre-upgrade hooks failed.*fourth"):
        config.upgrade(chart, "app", {"message": "three", "fails": "fourth"}, wait="watcher", timeout=100)
    assert states(config)[-1] == "failed" and message(inside) == "one"

    config.upgrade(chart, "app", {"message": "four"}, wait="watcher", timeout=100, max_history=2)
    assert states(config)[-1] == "deployed" and len(states(config)) == 2
    assert message(inside) == "four" and inside.json("secret", "kept")["data"]["word"] == word


def test_what_was_changed_by_hand_is_a_conflict(config: Any, inside: Commands, chart: Path) -> None:
    config.install(chart, "app", wait="watcher", timeout=100)
    inside("set", "env", "deployment/app", "MESSAGE=mine")
    inside("label", "deployment", "app", "mine=yes")
    with pytest.raises(helm.HelmError, match=r'conflict with "kubectl-set".*env\[name="MESSAGE"\].value'):
        config.upgrade(chart, "app", {"message": "theirs"}, timeout=100)
    inside("set", "env", "deployment/app", "MESSAGE=theirs")  # who agrees owns it, too
    config.upgrade(chart, "app", {"message": "theirs"}, wait="watcher", timeout=100)
    assert inside.json("deployment", "app")["metadata"]["labels"]["mine"] == "yes"


def test_what_was_uninstalled_comes_back_from_its_history(config: Any, inside: Commands, chart: Path) -> None:
    config.install(chart, "app", wait="watcher", timeout=100)
    config.uninstall("app", keep_history=True, wait="watcher", timeout=100)
    assert [each["status"] for each in config.list(all_states=True)] == ["uninstalled"]
    assert inside.json("secret", "kept") and not inside.json("deployments")["items"]
    config.rollback("app", version=1, wait="watcher", timeout=100)
    assert inside.json("deployment", "app")["status"]["readyReplicas"] == 1
    config.uninstall("app", wait="watcher", timeout=100)
    assert config.list(all_states=True) == []
