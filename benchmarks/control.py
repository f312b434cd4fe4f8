"""A control process of its own to measure: the Kubernetes API over TLS, and how to talk to it."""

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wherry.app.cli.instance import daemon_environment
from wherry.kube.pki.contexts import client_context
from wherry.kube.pki.directory import read_pair

READY_SECONDS = 30.0
ACCOUNT = "bench"


@dataclass(slots=True)
class Control:
    """A running control process. ``ready_ms``: from its start until ``/readyz`` said ok."""

    process: "subprocess.Popen[bytes]"
    root: Path
    address: str
    ready_ms: float
    token: str = ""

    @property
    def context(self) -> ssl.SSLContext:
        """TLS of a client that may do everything."""
        pki = self.root / "cluster" / "pki"
        return client_context((pki / "ca.crt").read_text(), read_pair(pki / "super-admin.pem"))

    @property
    def place(self) -> tuple[str, int]:
        host, _, port = self.address.removeprefix("https://").rpartition(":")
        return host, int(port)

    def connect(self) -> http.client.HTTPSConnection:
        host, port = self.place
        return http.client.HTTPSConnection(host, port, context=self.context, timeout=60)

    def request(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """The answer, decoded. Raises RuntimeError for a refusal."""
        connection = self.connect()
        try:
            headers = {"Content-Type": content_type} if body is not None else {}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            content = response.read()
            if response.status >= 400:
                raise RuntimeError(f"{method} {path}: {response.status} {content[:300]!r}")
            return json.loads(content) if content[:1] == b"{" else content
        finally:
            connection.close()


@contextmanager
def running(root: Path) -> Iterator[Control]:
    """Started on an empty directory, ended at the end; a namespace ``bench`` and an account that may do everything."""
    root.mkdir(parents=True)
    control = start(root)
    try:
        _prepare(control)
        yield control
    finally:
        stop(control)


def start(root: Path) -> Control:
    """Start on what ``root`` holds."""
    address = root / "run" / "api"
    address.unlink(missing_ok=True)
    log = (root / "control.log").open("ab")
    command = [sys.executable, "-m", "wherry.app.control", f"--root={root}", "--log-level=warning"]
    began = time.perf_counter()
    process = subprocess.Popen(command, stderr=log, env=daemon_environment(os.environ))
    deadline = began + READY_SECONDS
    while not address.exists():
        if process.poll() is not None or time.perf_counter() > deadline:
            raise RuntimeError(f"control did not start:\n{(root / 'control.log').read_text()[-2000:]}")
        time.sleep(0.002)
    control = Control(process, root, address.read_text().strip(), 0.0)
    while control.request("GET", "/readyz") != b"ok":
        time.sleep(0.002)
    control.ready_ms = (time.perf_counter() - began) * 1000
    return control


def stop(control: Control) -> None:
    control.process.send_signal(signal.SIGTERM)
    control.process.wait(20)


def _prepare(control: Control) -> None:
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ACCOUNT}
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": ACCOUNT}
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    rules = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    control.request("POST", "/api/v1/namespaces", {"metadata": {"name": ACCOUNT}})
    control.request("POST", f"/api/v1/namespaces/{ACCOUNT}/serviceaccounts", {"metadata": {"name": ACCOUNT}})
    control.request("POST", f"{rbac}/clusterroles", {"metadata": {"name": ACCOUNT}, "rules": rules})
    binding = {"metadata": {"name": ACCOUNT}, "roleRef": role, "subjects": [subject]}
    control.request("POST", f"{rbac}/clusterrolebindings", binding)
    path = f"/api/v1/namespaces/{ACCOUNT}/serviceaccounts/{ACCOUNT}/token"
    control.token = control.request("POST", path, {"spec": {"expirationSeconds": 7200}})["status"]["token"]


def pod(name: str) -> dict[str, Any]:
    """A pod of the usual size (about 1.2 KB as sent, 3 KB as stored), for nobody to run."""
    containers = [
        {
            "name": name_,
            "image": f"registry.example.com/team/{name_}:1.2.3",
            "ports": [{"containerPort": 8080, "name": "http"}],
            "env": [{"name": f"SETTING_{number}", "value": f"value-{number}"} for number in range(6)],
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
        }
        for name_ in ("app", "sidecar")
    ]
    labels = {"app": "bench", "tier": "backend", "version": "v1", "number": name}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels, "annotations": {"example.com/note": "x" * 100}},
        "spec": {
            "containers": containers,
            "schedulerName": "nobody",
            "serviceAccountName": ACCOUNT,
            "automountServiceAccountToken": False,
        },
    }
