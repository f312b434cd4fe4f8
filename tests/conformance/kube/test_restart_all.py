"""Containers that ask for all of their pod to begin anew (``RestartAllContainers``)."""

from tests.conformance.kube.process import wait_until
from tests.conformance.kube.whole import IMAGE, Commands

POD = f"""
apiVersion: v1
kind: Pod
metadata: {{name: together}}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  volumes: [{{name: notes, emptyDir: {{}}}}]
  initContainers:
    - name: setup
      image: "{IMAGE}"
      command: [sh, -c, "echo setup >> /notes/log"]
      volumeMounts: [{{name: notes, mountPath: /notes}}]
  containers:
    - name: worker
      image: "{IMAGE}"
      command:
        - sh
        - -c
        - |
          trap 'exit 0' TERM
          until grep -q helper /notes/log; do sleep 0.1; done
          [ $(grep -c setup /notes/log) -gt 1 ] || exit 42
          sleep 1000 & wait
      volumeMounts: [{{name: notes, mountPath: /notes}}]
      restartPolicy: Never
      restartPolicyRules: [{{action: RestartAllContainers, exitCodes: {{operator: In, values: [42]}}}}]
    - name: helper
      image: "{IMAGE}"
      command: [sh, -c, "trap 'exit 0' TERM; echo helper >> /notes/log; sleep 1000 & wait"]
      volumeMounts: [{{name: notes, mountPath: /notes}}]
"""


def test_a_pod_begins_anew_in_place_when_one_of_its_containers_asks_for_it(inside: Commands) -> None:
    said = inside.run("apply", "-f", "-", stdin=POD)
    assert said.returncode == 0 and "Warning" not in said.stderr, said.stderr
    counts = "jsonpath={.status.containerStatuses[*].restartCount} {.status.initContainerStatuses[0].restartCount}"
    inside.until("^1 1 1$", "get", "pod", "together", "-o", counts)
    inside("wait", "--for=condition=Ready", "pod/together", "--timeout=100s")

    def noted() -> tuple[int, int]:
        said = inside("exec", "together", "-c", "worker", "--", "cat", "/notes/log").split()
        return said.count("setup"), said.count("helper")

    wait_until(lambda: noted() == (2, 2), "its volume is the same")
    found = inside.json("pod", "together")["status"]
    before = {each["name"]: each["lastState"]["terminated"]["exitCode"] for each in found["containerStatuses"]}
    assert before["worker"] == 42
    conditions = {each["type"]: each["status"] for each in found["conditions"]}
    assert (conditions["AllContainersRestarting"], conditions["Ready"]) == ("False", "True")
    inside("delete", "pod", "together")
