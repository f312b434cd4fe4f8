"""``examples/guestbook`` by Helm: installed, asked, upgraded, upgraded wrongly, taken away."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wherry
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.whole import EXAMPLES, IMAGE, Commands, image

helm = pytest.importorskip("helm_python")
CHART = EXAMPLES / "guestbook" / "chart"
QUICK = {"front": {"replicas": {"min": 2, "max": 2}}}
SECONDS = 100


@pytest.fixture(scope="module")
def built(whole: wherry.Cluster) -> wherry.Cluster:
    """With the guestbook's image."""
    image(whole, "guestbook:1", EXAMPLES / "guestbook" / "image")
    return whole


@pytest.fixture
def config(built: wherry.Cluster, inside: Commands) -> Iterator[Any]:
    with helm.Config(kubeconfig_path=built.kubeconfig, namespace=inside.namespace) as made:
        yield made


def ask(kubectl: Commands, words: str, label: str = "app.kubernetes.io/component=front") -> str:
    """From a pod: one that is ready."""
    pods = kubectl.json("pods", "-l", label)["items"]
    ready = [
        each["metadata"]["name"]
        for each in pods
        if "deletionTimestamp" not in each["metadata"]
        and any(c["type"] == "Ready" and c["status"] == "True" for c in each["status"].get("conditions", ()))
    ]
    return kubectl("exec", ready[0], "--", "sh", "-c", words)


def front_pods(kubectl: Commands) -> set[str]:
    """Those that are to stay."""
    pods = kubectl.json("pods", "-l", "app.kubernetes.io/component=front")["items"]
    return {each["metadata"]["name"] for each in pods if "deletionTimestamp" not in each["metadata"]}


def test_a_release_on_a_running_cluster(inside: Commands, config: Any) -> None:
    release = config.install(CHART, "guests", wait="watcher", timeout=SECONDS)
    assert (release["revision"], release["status"]) == (1, "deployed")
    [row] = inside.table("get", "deployments")
    assert (row["NAME"], row["READY"]) == ("guests-guestbook-front", "2/2")
    [row] = inside.table("get", "statefulsets")
    assert (row["NAME"], row["READY"]) == ("guests-guestbook-store", "1/1")
    [row] = inside.table("get", "persistentvolumeclaims")
    assert (row["NAME"], row["STATUS"]) == ("data-guests-guestbook-store-0", "Bound")
    assert inside("logs", "job/guests-guestbook-before") == "the image has what the chart needs\n"
    assert "Guests: http://guests-guestbook" in config.get_all("guests")["info"]["notes"]

    page = "http://guests-guestbook/cgi-bin/page"
    said = ask(inside, f"wget -qO- --post-data 'I was here' {page}")
    assert re.fullmatch(r"Guests, from guests-guestbook-front-\S+, version 1\nI was here\n", said), said
    assert "Guests, from guests-guestbook-front-" in config.test("guests", timeout=SECONDS, logs=True)["logs"]

    token, pods = inside("get", "secret", "guests-guestbook", "-o", "jsonpath={.data.token}"), front_pods(inside)
    release = config.upgrade(CHART, "guests", {"title": "Visitors"}, wait="watcher", timeout=SECONDS)
    assert release["revision"] == 2
    assert not front_pods(inside) & pods, "another title makes other pods"
    said = ask(inside, f"wget -qO- {page}")
    assert said.startswith("Visitors, from ") and said.endswith("\nI was here\nrevision 2 of guests\n"), said
    assert inside("get", "secret", "guests-guestbook", "-o", "jsonpath={.data.token}") == token

    config.uninstall("guests", wait="watcher", timeout=SECONDS)
    assert config.list() == []
    assert inside("get", "deployments,statefulsets,services,configmaps,hpa", "-o", "name").splitlines() == [
        "configmap/kube-root-ca.crt"
    ]
    [row] = inside.table("get", "persistentvolumeclaims")
    assert row["STATUS"] == "Bound", "what a StatefulSet claimed is kept, as upstream's"


def test_only_the_front_reaches_the_store(inside: Commands, config: Any) -> None:
    config.install(CHART, "guests", QUICK, wait="watcher", timeout=SECONDS)
    asked = "http://guests-guestbook-store:8080/cgi-bin/entries"
    assert ask(inside, f"timeout 60 wget -qO- {asked}") == ""
    inside("run", "stranger", f"--image={IMAGE}", "--", "sleep", "1000")
    inside("wait", "--for=condition=Ready", "pod/stranger", "--timeout=100s")
    inside("exec", "stranger", "--", "timeout", "2", "wget", "-qO-", asked, code=143)
    config.upgrade(CHART, "guests", {**QUICK, "networkPolicy": False}, wait="watcher", timeout=SECONDS)
    inside.until("^revision 2 of guests\n$", "exec", "stranger", "--", "timeout", "5", "wget", "-qO-", asked)
    refused = inside.run("exec", "stranger", "--", "wget", "-qO-", "--post-data", "x", f"{asked}?token=guessed")
    assert "403 Forbidden" in refused.stderr


def test_an_upgrade_that_fails_is_rolled_back(inside: Commands, config: Any) -> None:
    config.install(CHART, "guests", QUICK, wait="watcher", timeout=SECONDS)
    pods = front_pods(inside)
    with pytest.raises(helm.HelmError, match=r"rolled back|rollback|release guests failed"):
        config.upgrade(
            CHART, "guests", {"front": {**QUICK["front"], "image": "127.0.0.1:1/nothing:1"}},
            wait="watcher", timeout=12, rollback_on_failure=True,
        )  # fmt: skip
    assert [each["status"] for each in config.history("guests")] == ["superseded", "failed", "deployed"]
    wait_until(lambda: front_pods(inside) == pods, "the pods are those of before")
    assert ask(inside, "wget -qO- http://guests-guestbook/cgi-bin/page").startswith("Guests, from ")
    inside.until('Failed to pull image "127.0.0.1:1/nothing:1"', "get", "events", "--field-selector", "reason=Failed")


def test_an_installation_that_fails_leaves_nothing(inside: Commands, config: Any) -> None:
    with pytest.raises(helm.HelmError, match=r"guests-guestbook-before|pre-install"):
        config.install(
            CHART, "guests", {**QUICK, "image": IMAGE}, wait="watcher", timeout=SECONDS, rollback_on_failure=True
        )
    assert config.list(all_states=True) == []
    assert inside("get", "deployments,statefulsets", "-o", "name") == ""


def test_the_chart_that_helm_makes_for_newcomers(whole: wherry.Cluster, inside: Commands, tmp_path: Path) -> None:
    """``helm create``: a deployment with probes, a service, an account; an autoscaler and an ingress switched on."""
    image(whole, "hello:1", EXAMPLES / "hello")
    helm.Chart.create("web", tmp_path)
    values = {
        "image": {"repository": "hello", "tag": "1"}, "service": {"type": "NodePort", "port": 8080},
        "autoscaling": {"enabled": True, "minReplicas": 2}, "ingress": {"enabled": True},
        "podSecurityContext": {"fsGroup": 2000}, "resources": {"requests": {"cpu": "10m"}},
    }  # fmt: skip
    with helm.Config(kubeconfig_path=whole.kubeconfig, namespace=inside.namespace) as config:
        config.install(tmp_path / "web", "web", values, wait="watcher", timeout=SECONDS)
        [row] = inside.table("get", "deployments")
        assert (row["NAME"], row["READY"]) == ("web", "2/2")
        assert inside("get", "hpa/web", "ingress/web", "serviceaccount/web", "-o", "name").split() == [
            "horizontalpodautoscaler.autoscaling/web", "ingress.networking.k8s.io/web", "serviceaccount/web",
        ]  # fmt: skip
        pods = set(inside("get", "pods", "-o", "jsonpath={.items[*].metadata.name}").split())
        values |= {"podAnnotations": {"changed": "yes"}, "ingress": {"enabled": False}}
        config.upgrade(tmp_path / "web", "web", values, wait="watcher", timeout=SECONDS)
        assert inside("get", "ingress", "-o", "name") == ""
        found = inside.json("pods", "-l", "app.kubernetes.io/instance=web")["items"]
        stay = {each["metadata"]["name"] for each in found if "deletionTimestamp" not in each["metadata"]}
        assert len(stay) == 2 and not stay & pods
        config.uninstall("web", wait="watcher", timeout=SECONDS)
