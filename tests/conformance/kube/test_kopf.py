"""kopf: an operator with finalizers, status, events and daemons, for a kind of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import Web

pytest.importorskip("kopf")

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture
def widgets(control: Control, web: Web, namespace: str, tmp_path: Path) -> Iterator[str]:
    """The path of a kind whose operator runs."""
    web.post(DEFINITIONS, manifests.definition("kopfwidgets", "KopfWidget")).ok()
    path = f"/apis/tests.example/v1/namespaces/{namespace}/kopfwidgets"
    wait_until(lambda: web.get(path).code == 200, "the kind is served")
    log = tmp_path / "kopf.log"
    environment = {**os.environ, "KUBECONFIG": str(control.kubeconfig), "PYTHONUNBUFFERED": "1"}
    script = Path(__file__).with_name("operator_of_widgets.py")
    with log.open("w") as output:
        operator = subprocess.Popen(
            [sys.executable, "-m", "kopf", "run", "-n", namespace, str(script)],
            stdout=output, stderr=output, env=environment,
        )  # fmt: skip
    try:
        yield path
    finally:
        web.patch(f"{path}/w", {"metadata": {"finalizers": None}})
        operator.terminate()
        operator.wait(120)
        web.delete(f"{DEFINITIONS}/kopfwidgets.tests.example")
        print(log.read_text())


def test_an_operator_minds_its_resources(web: Web, namespace: str, widgets: str, tmp_path: Path) -> None:
    log = tmp_path / "kopf.log"
    web.post(widgets, {"metadata": {"name": "w"}, "spec": {"size": 2, "colour": "red"}}).ok()

    def status(name: str) -> object:
        return (web.get(f"{widgets}/w").ok().get("status") or {}).get(name)

    assert wait_until(lambda: status("created"), "the handler of creations writes the status") == {"size": 2}
    found = web.get(f"{widgets}/w").ok()
    assert found["metadata"]["finalizers"] == ["kopf.zalando.org/KopfFinalizerMarker"]
    assert found["metadata"]["generation"] == 1
    web.patch(f"{widgets}/w", {"spec": {"size": 5}}).ok()
    assert wait_until(lambda: status("resized"), "the handler of changes writes the status") == "2 to 5"
    events = f"/api/v1/namespaces/{namespace}/events?fieldSelector=reason%3DMade"
    wait_until(lambda: web.get(events).ok()["items"], "its event is there")
    web.delete(f"{widgets}/w").ok()
    wait_until(lambda: web.get(f"{widgets}/w").code == 404, "it goes when its operator lets it")
    begun, *ended = [line for line in log.read_text().splitlines() if line in ("minding w", "left w", "deleted w")]
    assert begun == "minding w"
    assert sorted(ended) == ["deleted w", "left w"]  # in whichever order: they are of two threads
