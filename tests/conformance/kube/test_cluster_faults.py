"""E14 of a cluster: control, node and spawner killed at random, in any order, under updates.

It converges each time, no container is left over or lost, none is started again that runs, what goes on meanwhile goes
on. ``E14_ROUNDS`` and ``E14_SEED`` make it longer, and another.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import wherry
from tests.conformance.kube.faultlab import SETTLE_SECONDS, FaultLab, Killer, Traffic, fault_lab
from tests.conformance.kube.whole import nothing_left
from tests.unit.kube.kubectl import kubectls

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not kubectls(), reason="there is no kubectl"),
]
ROUNDS = int(os.environ.get("E14_ROUNDS", "3"))
SEED = os.environ.get("E14_SEED", "faults")
REPLICAS, MEMBERS, COMPLETIONS = 3, 2, 8
SERVE = "mkdir /tmp/w; hostname > /tmp/w/index.html; httpd -f -p 8080 -h /tmp/w & trap 'sleep 0.3; exit 0' TERM; wait"
HOLD = (
    "mkdir /data/held || hostname >> /data/twice; echo >> /data/starts; "
    "sleep 100000 & trap 'rmdir /data/held; exit 0' TERM; wait"
)
MEANWHILE = (
    ("delete", "pods", "-l", "app=web", "--wait=false"),
    ("scale", "deployment/web", f"--replicas={2 * REPLICAS}"),
    ("scale", "deployment/web", "--replicas=1"),
    ("rollout", "restart", "deployment/web"),
)
TALLY = "echo $JOB_COMPLETION_INDEX >> /data/done; sleep 0.$((JOB_COMPLETION_INDEX % 4 + 2))"


def _web(name: str, replicas: int) -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
        - name: web
          image: demo:1
          command: [sh, -c, "{SERVE}"]
          readinessProbe: {{httpGet: {{path: /, port: 8080}}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: 8080}}]}}
---
"""


STATEFUL = f"""
apiVersion: v1
kind: Service
metadata: {{name: db}}
spec: {{clusterIP: None, selector: {{app: db}}, ports: [{{port: 80}}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  replicas: {MEMBERS}
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec:
      terminationGracePeriodSeconds: 60
      containers:
        - {{name: db, image: "demo:1", command: [sh, -c, "{HOLD}"], volumeMounts: [{{name: data, mountPath: /data}}]}}
  volumeClaimTemplates:
    - metadata: {{name: data}}
      spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 16Mi}}}}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: tally}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 16Mi}}}}}}
"""


def _job(number: int) -> str:
    return f"""
apiVersion: batch/v1
kind: Job
metadata: {{name: tally-{number}}}
spec:
  completions: {COMPLETIONS}
  parallelism: 3
  completionMode: Indexed
  backoffLimit: 0
  template:
    metadata: {{labels: {{app: tally}}}}
    spec:
      restartPolicy: Never
      containers:
        - {{name: tally, image: "demo:1", command: [sh, -c, "{TALLY}"], volumeMounts: [{{name: v, mountPath: /data}}]}}
      volumes: [{{name: v, persistentVolumeClaim: {{claimName: tally}}}}]
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FaultLab]:
    with fault_lab(tmp_path) as made:
        yield made


def _ready(lab: FaultLab, version: str) -> list[str]:
    """What is missing of what is wanted; ``version``: of the pods that are updated."""
    found: list[str] = []
    pods = Counter(_kind_of(each) for each in lab.objects("pods") if _is_ready(each))
    fresh = Counter(_kind_of(each) for each in lab.objects("pods") if _is_ready(each) and _version(each) == version)
    wanted = {"steady": 2, "web": REPLICAS, "db": MEMBERS}
    found += [f"{pods[name]} of {number} {name}" for name, number in wanted.items() if pods[name] != number]
    return found + [f"{fresh[name]} new {name}" for name in ("web", "db") if fresh[name] != wanted[name]]


def _kind_of(pod: Any) -> str:
    return str(pod["metadata"]["labels"]["app"])


def _is_ready(pod: Any) -> bool:
    conditions = pod["status"].get("conditions") or ()
    return any((each["type"], each["status"]) == ("Ready", "True") for each in conditions)


def _version(pod: Any) -> str:
    return next((each["value"] for each in pod["spec"]["containers"][0].get("env") or () if each["name"] == "V"), "")


def _counted(lab: FaultLab, number: int) -> list[str]:
    """Of a job: each index done once, by one pod, and counted so."""
    (job,) = lab.objects("jobs", f"--field-selector=metadata.name=tally-{number}")
    status = job.get("status") or {}
    wanted = {"succeeded": COMPLETIONS, "completedIndexes": f"0-{COMPLETIONS - 1}"}
    found = [f"{name}: {status.get(name)}" for name, value in wanted.items() if status.get(name) != value]
    return found + [f"{name}: {status[name]}" for name in ("failed", "active") if status.get(name)]


def _lives(lab: FaultLab) -> dict[str, tuple[Any, ...]]:
    """Who must be the same in the end: container, when it was started, and its process."""
    engine = lab.containers()
    return {
        each["metadata"]["name"]: (
            each["status"]["containerStatuses"][0]["containerID"],
            each["status"]["containerStatuses"][0]["state"],
            engine[each["status"]["containerStatuses"][0]["containerID"].partition("//")[2]]["Created"],
        )
        for each in lab.objects("pods", "-l", "app=steady")
    }


@pytest.mark.timeout(120 + 120 * ROUNDS)
def test_e14_whatever_is_killed_under_an_update_the_cluster_converges(lab: FaultLab) -> None:
    chance = Random(SEED)
    before = _warm(lab)
    lab.say("apply", "-f", "-", stdin=_web("steady", 2) + _web("web", REPLICAS) + STATEFUL)
    lab.settled(lambda: _ready(lab, ""))
    lives, killer = _lives(lab), Killer(lab.cluster.root, chance)
    address = lab.objects("services", "--field-selector=metadata.name=steady")[0]["spec"]["clusterIP"]
    with Traffic(address) as traffic:
        with killer.standstill():
            traffic.goes_on()
        for number in range(ROUNDS):
            _round(lab, killer, chance, number)
            traffic.goes_on()
            assert _lives(lab) == lives, killer.told
    _once(lab)
    lab.say(
        "delete", "deployment/steady", "deployment/web", "statefulset/db", "service/steady", "service/web", "service/db"
    )
    lab.say("delete", "pvc", "--all")
    lab.gone(before)


@pytest.mark.timeout(120 * ROUNDS)
def test_e14_a_cluster_whose_beginning_is_killed_begins_all_the_same(tmp_path: Path) -> None:
    chance = Random(SEED)
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="wherry-f") as place:  # not below tmp_path: sockets have short names
            cluster, killer = wherry.Cluster(root=place), Killer(Path(place), chance)
            killing = killer.strike_beginners(chance.randint(1, 3))
            with cluster:
                killing.join()
                lab = FaultLab(cluster, tmp_path)
                lab.kubectl.until(" Ready", "get", "nodes", seconds=SETTLE_SECONDS)
                lab.kubectl.until("default", "get", "serviceaccounts", seconds=SETTLE_SECONDS)
                lab.say(
                    "get", "clusterrole/admin", "namespace/kube-system", "service/kubernetes", "storageclass/local-path"
                )
            print("killed:", *killer.told)
            nothing_left(lab.instance)


def _warm(lab: FaultLab) -> Counter[str]:
    """What there is when there are no pods any more: what the first one needed stays."""
    lab.say("apply", "-f", "-", stdin=_web("warm", 1))
    lab.say("rollout", "status", "deployment/warm", "--timeout=100s")
    lab.say("delete", "deployment/warm", "service/warm")
    lab.say("wait", "--for=delete", "pods", "-l", "app=warm", "--timeout=100s")
    return lab.at_rest()


def _round(lab: FaultLab, killer: Killer, chance: Random, number: int) -> None:
    """An update of everything, a job, and kills meanwhile."""
    killer.told.append(f"round {number}:")
    lab.say("set", "env", "deployment/web", "statefulset/db", f"V={number}")
    lab.say("apply", "-f", "-", stdin=_job(number))
    for number_of_kill in range(chance.randint(2, 5)):
        lab.sleep(chance.random() * 1.5)
        killer.strike()
        if not number_of_kill:
            lab.say(*chance.choice(MEANWHILE))
    lab.say("scale", "deployment/web", f"--replicas={REPLICAS}")
    if number % 3 == 2:
        lab.sleep(chance.random())
        killer.strike_all()
    try:
        lab.settled(lambda: _ready(lab, str(number)) or _counted(lab, number))
    except AssertionError as error:
        raise AssertionError(f"killed: {' '.join(killer.told)}\n{error}") from error
    lab.say("rollout", "status", "deployment/web", "--timeout=100s")
    lab.say("delete", "job", f"tally-{number}")


def _once(lab: FaultLab) -> None:
    """On the volumes: never two of a member at a time, each index of each job once."""
    files = {path.name: path.read_text() for path in lab.instance.storage.glob("*/twice")}
    assert not files, "two of the same member ran at the same time"
    starts = [path.read_text().count("\n") for path in lab.instance.storage.glob("*/starts")]
    assert starts == [ROUNDS + 1] * MEMBERS
    (done,) = lab.instance.storage.glob("*/done")
    assert Counter(done.read_text().split()) == {str(index): ROUNDS for index in range(COMPLETIONS)}
