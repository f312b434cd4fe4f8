"""What tutorials show that takes the clock's time: all of it is begun at once."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import wherry
from tests.conformance.kube.whole import IMAGE, Commands

NAMESPACE = "clock"
MANIFEST = f"""
apiVersion: batch/v1
kind: CronJob
metadata: {{name: minutely}}
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{{name: work, image: {IMAGE}, command: [echo, cleaned]}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: work}}
spec:
  selector: {{matchLabels: {{app: work}}}}
  template:
    metadata: {{labels: {{app: work}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: work
          image: {IMAGE}
          command: [sh, -c, 'while true; do [ -e /tmp/busy ] || sleep 0.2; done']
          resources: {{requests: {{cpu: 50m}}, limits: {{cpu: 200m}}}}
"""


@pytest.fixture(scope="module")
def begun(whole: wherry.Cluster, client_home: Path) -> Iterator[Commands]:
    """Everything of the manifest, and an autoscaler of the deployment."""
    Commands(whole, client_home)("create", "namespace", NAMESPACE)
    kubectl = Commands(whole, client_home, namespace=NAMESPACE)
    kubectl.until("^default ", "get", "serviceaccounts", "--no-headers")
    kubectl.apply(MANIFEST)
    kubectl("autoscale", "deployment", "work", "--cpu-percent=50", "--min=1", "--max=3")
    yield kubectl
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_an_autoscaler_follows_the_load(begun: Commands) -> None:
    begun("rollout", "status", "deployment/work", "--timeout=100s")
    begun.until(r"work +Deployment/work +cpu: \d+%/50% +1 +3 +1", "get", "hpa")
    begun("exec", "deployment/work", "--", "touch", "/tmp/busy")
    begun.until(r"work +Deployment/work +cpu: \d+%/50% +1 +3 +3", "get", "hpa")
    told = begun.until("SuccessfulRescale", "describe", "hpa", "work")
    reason = r"New size: [23]; reason: cpu resource utilization \(percentage of request\) above target"
    assert re.search(rf"SuccessfulRescale +.* +{reason}", told), told
    assert re.search(r"ScalingActive +True +ValidMetricFound", told), told


def test_a_cron_job_runs_every_minute(begun: Commands) -> None:
    begun.until("SawCompletedJob", "get", "events")
    told = begun("describe", "cronjob", "minutely")
    assert re.search(r"Normal +SuccessfulCreate .* cronjob-controller +Created job minutely-\d+", told), told
    assert re.search(r"SawCompletedJob .* Saw completed job: minutely-\d+, condition: Complete", told), told
    row = begun.table("get", "cronjobs")[0]
    assert (row["SCHEDULE"], row["TIMEZONE"]) == ("* * * * *", "<none>") and re.fullmatch(r"\d+s", row["LAST SCHEDULE"])
