"""One ``control`` process for all tests of this folder; a namespace for each test that wants one."""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import wherry
from tests.conformance.kube.cli import Kubectl
from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import Web
from tests.conformance.kube.whole import SOON, Commands, bootstrap, nothing_left
from tests.unit.kube.kubectl import kubectls
from wherry.engine.instance import Instance

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """A running API server; it must have said nothing of faults when it ends."""
    root = tmp_path_factory.mktemp("control")
    running = Control(root)
    try:
        yield running
    finally:
        running.stop()
        said = running.said
        shutil.rmtree(root)
    assert "Traceback" not in said, said[-6000:]


@pytest.fixture(scope="session")
def web(control: Control) -> Iterator[Web]:
    """HTTP as the administrator."""
    client = control.web()
    yield client
    client.close()


def new_namespace(web: Web, prefix: str = "test") -> str:
    """With what its controllers put into it: a service account and the authority's certificate."""
    name = f"{prefix}-{next(_numbers)}"
    web.post("/api/v1/namespaces", {"metadata": {"name": name}}).ok()
    here = f"/api/v1/namespaces/{name}"
    for path in (f"{here}/serviceaccounts/default", f"{here}/configmaps/kube-root-ca.crt"):
        wait_until(lambda path=path: web.get(path).code == 200, path)
    return name


@pytest.fixture
def namespace(web: Web) -> Iterator[str]:
    """A new one, which goes with the test."""
    name = new_namespace(web)
    yield name
    web.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="session")
def client_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for clients' own files."""
    return tmp_path_factory.mktemp("clients")


@pytest.fixture
def kubectl(control: Control, client_home: Path, namespace: str) -> Kubectl:
    """The newest kubectl, in a namespace of its own."""
    if not kubectls():
        pytest.skip("there is no kubectl")
    return Kubectl(control.kubeconfig, client_home, namespace)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wherry.Cluster]:
    """A whole cluster, with its node ready and an image there; at the end nothing of it may be left."""
    if os.geteuid() != 0 or not kubectls():
        pytest.skip("needs root and a kubectl")
    with wherry.Cluster(settings=SOON) as made:
        bootstrap(made)
        Commands(made, tmp_path_factory.mktemp("home")).until(" Ready", "get", "nodes")
        instance = Instance.at(made.root)
        yield made
    nothing_left(instance)


@pytest.fixture
def inside(whole: wherry.Cluster, client_home: Path) -> Iterator[Commands]:
    """The newest kubectl on the whole cluster, in a namespace of its own, which goes with the test."""
    name = f"users-{next(_numbers)}"
    Commands(whole, client_home)("create", "namespace", name)
    made = Commands(whole, client_home, namespace=name)
    made.until("^default ", "get", "serviceaccounts", "--no-headers")
    yield made
    made("delete", "namespace", name, "--wait=false")
