"""What tutorials show of work that ends, and of containers that belong together."""

import re

from tests.conformance.kube.whole import IMAGE, Commands

INDEXED = f"""
apiVersion: batch/v1
kind: Job
metadata: {{name: parts}}
spec:
  completions: 4
  parallelism: 2
  completionMode: Indexed
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: part
          image: {IMAGE}
          command: [sh, -c, 'echo "part $JOB_COMPLETION_INDEX in $(hostname)"']
"""
CRON = f"""
apiVersion: batch/v1
kind: CronJob
metadata: {{name: nightly}}
spec:
  schedule: "30 2 * * *"
  timeZone: Europe/Zurich
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{{name: work, image: {IMAGE}, command: [echo, cleaned]}}]
"""
WAITING = f"""
apiVersion: v1
kind: Pod
metadata: {{name: app}}
spec:
  terminationGracePeriodSeconds: 1
  initContainers:
    - name: wait-for-db
      image: {IMAGE}
      command: [sh, -c, 'until timeout 2 wget -qO- http://db/; do echo waiting; sleep 0.2; done']
  containers:
    - {{name: app, image: {IMAGE}, command: [sleep, "1000"]}}
"""
SHIPPER = f"""
apiVersion: v1
kind: Pod
metadata: {{name: shipped}}
spec:
  restartPolicy: Never
  initContainers:
    - name: shipper
      image: {IMAGE}
      restartPolicy: Always
      command: [sh, -c, 'touch /logs/app.log; trap exit TERM; tail -n +1 -f /logs/app.log | tee /logs/sent & wait']
      volumeMounts: [{{name: logs, mountPath: /logs}}]
  containers:
    - name: app
      image: {IMAGE}
      command:
        - sh
        - -c
        - |
          for i in 1 2 3; do echo "event $i" >> /logs/app.log; sleep 0.3; done
          until grep -q "event 3" /logs/sent; do sleep 0.1; done
      volumeMounts: [{{name: logs, mountPath: /logs}}]
  volumes: [{{name: logs, emptyDir: {{}}}}]
"""


def test_each_index_of_a_job_runs_once(inside: Commands) -> None:
    inside.apply(INDEXED)
    inside("wait", "--for=condition=Complete", "job/parts", "--timeout=100s")
    [row] = inside.table("get", "jobs")
    assert (row["NAME"], row["STATUS"], row["COMPLETIONS"]) == ("parts", "Complete", "4/4")
    assert re.fullmatch(r"\d+s", row["DURATION"])
    pods = inside.json("pods", "-l", "job-name=parts")["items"]
    indexes = [each["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"] for each in pods]
    assert sorted(indexes) == ["0", "1", "2", "3"]
    said = inside("logs", "-l", "job-name=parts", "--prefix")
    assert sorted(re.findall(r"part (\d) in parts-\1$", said, re.MULTILINE)) == ["0", "1", "2", "3"], said
    told = inside("describe", "job", "parts")
    assert "Pods Statuses:      0 Active (0 Ready) / 4 Succeeded / 0 Failed" in told, told
    assert "Completed Indexes:  0-3" in told and re.search(r"Normal +Completed .* job-controller +Job completed", told)


def test_a_cron_job_is_run_by_hand(inside: Commands) -> None:
    inside.apply(CRON)
    [row] = inside.table("get", "cronjobs")
    assert [row[name] for name in ("NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE")] == [
        "nightly", "30 2 * * *", "Europe/Zurich", "False", "0", "<none>",
    ]  # fmt: skip
    inside("create", "job", "now", "--from=cronjob/nightly")
    inside("wait", "--for=condition=Complete", "job/now", "--timeout=100s")
    assert inside("logs", "job/now") == "cleaned\n"
    [owner] = inside.json("job", "now")["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("CronJob", "nightly")


def test_an_init_container_waits_for_a_service(inside: Commands) -> None:
    inside.apply(WAITING)
    inside.until("waiting", "logs", "app", "-c", "wait-for-db")
    inside.until(r"app +0/1 +Init:0/1 +0 ", "get", "pods")
    server = "mkdir /tmp/w; echo db > /tmp/w/index.html; exec httpd -f -p 80 -h /tmp/w"
    inside("run", "db", f"--image={IMAGE}", "--port=80", "--expose", "--", "sh", "-c", server)
    inside("wait", "--for=condition=Ready", "pod/app", "--timeout=100s")
    row = next(row for row in inside.table("get", "pods") if row["NAME"] == "app")
    assert (row["READY"], row["STATUS"]) == ("1/1", "Running")
    assert inside("logs", "app", "-c", "wait-for-db").endswith("db\n")


def test_a_sidecar_ships_what_the_application_writes(inside: Commands) -> None:
    inside.apply(SHIPPER)
    inside.until(r"shipped +\d/2 +Completed", "get", "pods")
    assert inside("logs", "shipped", "-c", "shipper") == "event 1\nevent 2\nevent 3\n"
    assert inside("logs", "shipped", "--all-containers", "--prefix").count("[pod/shipped/shipper] event") == 3


def test_a_job_that_fails_says_how_often_it_tried(inside: Commands) -> None:
    wrong = INDEXED.replace("completions: 4", "backoffLimit: 0").replace("completionMode: Indexed", "completions: 1")
    inside.apply(wrong.replace("echo", "exit 3; echo").replace("name: parts", "name: wrong"))
    inside.until(r"wrong +Failed +0/1", "get", "jobs")
    told = inside("describe", "job", "wrong")
    assert "BackoffLimitExceeded" in told and "Job has reached the specified backoff limit" in told, told
    inside("wait", "--for=condition=Complete", "job/wrong", "--timeout=1s", code=1)
