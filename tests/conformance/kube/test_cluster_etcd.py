"""A whole cluster whose state is in etcd, over mutual TLS: `wherry up --store etcd://…`."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

import wherry
from tests.conformance.kube.whole import IMAGE, SOON, WHERRY, Commands
from tests.suites.etcdserver import needs_etcd, running
from tests.unit.kube.kubectl import kubectls
from wherry.app import status
from wherry.engine.instance import Instance

pytestmark = [
    needs_etcd,
    pytest.mark.skipif(os.geteuid() != 0 or not kubectls(), reason="needs root and a kubectl"),
]
POD = f"""
apiVersion: v1
kind: Pod
metadata: {{name: web}}
spec: {{containers: [{{name: c, image: "{IMAGE}", command: [sleep, "1000"]}}], terminationGracePeriodSeconds: 0}}
"""


def test_a_pod_runs_and_the_state_outlives_control_and_is_etcd_s_to_save(tmp_path: Path) -> None:
    with running(tmp_path) as etcd:
        address = etcd.address("/cluster/")
        url = f"etcd://{address.endpoints[0]}/cluster?ca={address.ca}&cert={address.cert}&key={address.key}"
        with wherry.Cluster(arguments=("--store", url), settings=SOON) as cluster:
            command = [WHERRY, "--root", cluster.root, "image", "bootstrap", "--tag", IMAGE, "busybox"]
            subprocess.run(command, check=True, capture_output=True, timeout=120)
            kubectl = Commands(cluster, tmp_path / "home")
            kubectl.until("^default ", "get", "serviceaccounts", "--no-headers")
            kubectl.apply(POD)
            kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=100s")
            assert kubectl("exec", "web", "--", "echo", "hello") == "hello\n"
            uid = kubectl.json("pod", "web")["metadata"]["uid"]
            etcd.kill()
            etcd.start()
            kubectl.until("web", "get", "pods")
            os.kill(_control(cluster), signal.SIGKILL)
            kubectl.until("web +1/1 +Running", "get", "pods")
            assert kubectl.json("pod", "web")["metadata"]["uid"] == uid
            assert not list((cluster.root / "cluster").glob("state.sqlite*"))
            backup = [WHERRY, "--root", cluster.root, "backup", tmp_path / "saved"]
            refused = subprocess.run(backup, capture_output=True, text=True, timeout=120, check=False)
            assert refused.returncode == 1 and "snapshot save FILE" in refused.stderr
            kubectl("delete", "pod", "web")


def _control(cluster: wherry.Cluster) -> int:
    return next(each.pid for each in status.report(Instance.at(cluster.root)).processes if each.role == "control")
