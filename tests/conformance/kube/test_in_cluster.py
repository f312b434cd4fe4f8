"""Programs in pods that speak to the API: by the service account's token, with what its roles allow."""

import base64
import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.conformance.kube.whole import IMAGE, Commands

READER = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader}]
"""
SECRETS = "/var/run/secrets/kubernetes.io/serviceaccount"
PROGRAM = """
import json, os
from kubernetes import client, config, watch
config.load_incluster_config()
core = client.CoreV1Api()
here = open("/var/run/secrets/kubernetes.io/serviceaccount/namespace").read()
print("pods:", *[each.metadata.name for each in core.list_namespaced_pod(here).items])
for event in watch.Watch().stream(core.list_namespaced_pod, here, timeout_seconds=120):
    print("watched:", event["type"], event["object"].metadata.name)
    break
for what in (core.list_namespaced_secret, core.list_namespaced_config_map):
    try:
        what(here)
        print("allowed")
    except client.ApiException as error:
        print(error.status, json.loads(error.body)["message"])
who = client.AuthenticationV1Api().create_self_subject_review(client.V1SelfSubjectReview())
print("I am", who.status.user_info.username)
"""


def pod(name: str, account: str, script: str, *, volumes: tuple[str, ...] = ()) -> dict[str, object]:
    """``volumes``: directories of this machine that it sees at the same place."""
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {
            "serviceAccountName": account, "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
            "containers": [{
                "name": "c", "image": IMAGE, "command": ["sh", "-c", script],
                "volumeMounts": [
                    {"name": f"v{number}", "mountPath": path, "readOnly": True} for number, path in enumerate(volumes)
                ],
            }],
            "volumes": [{"name": f"v{number}", "hostPath": {"path": path}} for number, path in enumerate(volumes)],
        },
    }  # fmt: skip


def ended(kubectl: Commands, name: str) -> str:
    """What it wrote until it ended."""
    kubectl.until("Succeeded|Failed", "get", "pod", name, "-o", "jsonpath={.status.phase}")
    return kubectl("logs", name)


@pytest.fixture
def python() -> tuple[str, ...]:
    """What the interpreter of these tests needs of this machine."""
    packages = Path(__import__("kubernetes").__file__).parents[1]
    found = dict.fromkeys([sys.base_prefix, str(packages), "/usr/lib", "/lib", "/lib64"])
    if any(not Path(each).is_dir() for each in found):
        pytest.skip("the interpreter is somewhere else")
    return tuple(found)


def test_the_official_client_inside_a_pod(inside: Commands, python: tuple[str, ...]) -> None:
    pytest.importorskip("kubernetes")
    inside.apply(READER)
    interpreter = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    script = f"export PYTHONPATH={python[1]} PYTHONDONTWRITEBYTECODE=1; "
    script += f"exec {shlex.quote(str(interpreter))} -c {shlex.quote(PROGRAM)}"
    inside.apply(pod("program", "reader", script, volumes=python))
    said = ended(inside, "program")
    assert said.splitlines()[:2] == ["pods: program", "watched: ADDED program"], said
    user = f"system:serviceaccount:{inside.namespace}:reader"
    for kind in ("secrets", "configmaps"):
        forbidden = f'403 {kind} is forbidden: User "{user}" cannot list resource "{kind}" in API group "" '
        assert forbidden + f'in the namespace "{inside.namespace}"' in said, said
    assert said.endswith(f"I am {user}\n")


def test_a_shell_with_the_token_and_the_authority(inside: Commands) -> None:
    """openssl and libssl are this machine's; the certificate is checked against the name. (busybox's wget
    cannot: it offers no signatures but of SHA-1, which neither we take nor Go does since 1.25.)"""
    inside.apply(READER)
    ask = (
        f"{{ printf 'GET /api/v1/namespaces/%s/%s HTTP/1.1\\r\\nHost: x\\r\\n' {inside.namespace} $1; "
        f"printf 'Authorization: Bearer %s\\r\\nConnection: close\\r\\n\\r\\n' $(cat {SECRETS}/token); }} | "
        f"openssl s_client -quiet -verify_return_error -verify_hostname kubernetes.default.svc "
        f"-CAfile {SECRETS}/ca.crt -connect kubernetes.default.svc:443 2>/dev/null | head -1"
    )
    script = f"export PATH=$PATH:/host/bin; ask() {{ {ask}; }}; ask pods; ask secrets"
    made = pod("shell", "reader", script, volumes=("/usr/lib", "/lib", "/lib64"))
    spec = made["spec"]
    assert isinstance(spec, dict)
    spec["containers"][0]["volumeMounts"].append({"name": "bin", "mountPath": "/host/bin", "readOnly": True})
    spec["volumes"].append({"name": "bin", "hostPath": {"path": "/usr/bin"}})
    inside.apply(made)
    assert ended(inside, "shell") == "HTTP/1.1 200 OK\nHTTP/1.1 403 Forbidden\n"


def test_a_pod_that_wants_no_token_has_none(inside: Commands) -> None:
    made = pod("plain", "default", f"ls {SECRETS} 2>&1")
    spec = made["spec"]
    assert isinstance(spec, dict)
    spec["automountServiceAccountToken"] = False
    inside.apply(made)
    assert "No such file" in ended(inside, "plain")


def test_a_token_of_one_s_own_audience(inside: Commands) -> None:
    """Projected beside the usual one; the API does not take it."""
    source = {"serviceAccountToken": {"path": "mine", "audience": "vault", "expirationSeconds": 600}}
    made = pod(
        "audience", "default", "cut -d. -f2 /tokens/mine | tr '_-' '/+'; cat /tokens/mine > /dev/termination-log"
    )
    spec = made["spec"]
    assert isinstance(spec, dict)
    spec["containers"][0]["volumeMounts"].append({"name": "tokens", "mountPath": "/tokens"})
    spec["volumes"].append({"name": "tokens", "projected": {"sources": [source]}})
    inside.apply(made)
    payload = ended(inside, "audience").strip()
    claims = json.loads(base64.b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["aud"] == ["vault"] and claims["kubernetes.io"]["pod"]["name"] == "audience"
    token = inside("get", "pod", "audience", "-o", "jsonpath={.status.containerStatuses[0].state.terminated.message}")
    refused = inside.run("--token", token, "--kubeconfig", str(bare(inside)), "get", "pods")
    assert refused.returncode == 1 and "must be logged in" in refused.stderr, refused.stderr


def bare(kubectl: Commands) -> Path:
    """A kubeconfig without the administrator's certificate."""
    path = Path(kubectl.environment["KUBECONFIG"])
    config = json.loads(path.read_text())
    config["users"][0]["user"] = {}
    made = Path(kubectl.environment["HOME"]) / f"bare-{kubectl.namespace}"
    made.write_text(json.dumps(config))
    return made
