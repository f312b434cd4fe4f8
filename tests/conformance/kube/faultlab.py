"""A whole cluster whose processes are killed, workloads on it, and what must hold when the dust has settled.

For the tests of faults: what is wanted is said in manifests, what is there is asked of the API, of the engine and of
the kernel, and the three must agree.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import wherry
from tests.conformance.kube.whole import IMAGE, SOON, Commands, nothing_left
from tests.kernel.census import take
from wherry.app import status
from wherry.engine.instance import Instance

ROLES = ("control", "node", "spawner")
SETTLE_SECONDS = 120.0
WRAPPED = "wherry://"


class Killer:
    """Kills processes of an instance, as nothing can prevent (SIGKILL): one, or two at once."""

    def __init__(self, root: Path, chance: Random) -> None:
        self._root = root
        self._instance = Instance.at(root)
        self._chance = chance
        self.told: list[str] = []
        """What was killed, in order: for who has to find out why."""

    def pids(self) -> dict[str, int]:
        """Of those roles that are there at the moment."""
        found = status.report(self._instance).processes
        return {each.role: each.pid for each in found if each.role in (*ROLES, "supervisor")}

    def strike(self) -> None:
        here = self.pids()
        roles = [role for role in ROLES if role in here]
        victims = self._chance.sample(roles, min(len(roles), self._chance.choice((1, 1, 2))))
        self.kill(*(here[role] for role in victims))
        self.told.append("+".join(victims) or "nobody")

    def strike_all(self) -> None:
        """The supervisor too, and begin anew as a user would."""
        here = self.pids()
        roles = [role for role in ROLES if role in here]
        victims = ["supervisor", *self._chance.sample(roles, min(len(roles), 1))]
        self.kill(*(here[role] for role in victims if role in here))
        self.told.append("+".join(victims))
        done = _wherry(self._root, "up", "--detach")
        assert done.returncode == 0, f"wherry up: {done.stdout}{done.stderr}"

    def strike_beginners(self, times: int) -> threading.Thread:
        """So often, as soon as there is somebody; to be waited for."""

        def strike() -> None:
            for _ in range(times):
                while not self.pids().keys() & set(ROLES):
                    time.sleep(0.01)
                time.sleep(self._chance.random() * 0.7)
                self.strike()

        thread = threading.Thread(target=strike, daemon=True)
        thread.start()
        return thread

    @staticmethod
    def kill(*pids: int) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @contextmanager
    def standstill(self) -> Iterator[None]:
        """All of them stopped, and in the end going on."""
        here = self.pids().values()
        for pid in here:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in here:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


class Traffic:
    """Somebody who asks a service again and again, each time by a new connection."""

    def __init__(self, address: str) -> None:
        self._url = f"http://{address}/"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.answers = 0
        self.failures: list[str] = []

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                with urllib.request.urlopen(self._url, timeout=30) as response:
                    response.read()
                self.answers += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{time.strftime('%H:%M:%S')} {error!r}")
            self._ended.wait(0.01)

    def goes_on(self, requests: int = 50) -> None:
        """Wait for that many more answers."""
        end, wanted = time.monotonic() + SETTLE_SECONDS, self.answers + requests
        while self.answers < wanted:
            assert time.monotonic() < end and not self.failures, self.failures
            time.sleep(0.01)

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()


class FaultLab:
    """``kubectl`` that is patient with an API that is away, and the views of a cluster from three sides."""

    def __init__(self, cluster: wherry.Cluster, home: Path) -> None:
        self.cluster = cluster
        self.instance = Instance.at(cluster.root)
        self.kubectl = Commands(cluster, home)

    def say(self, *arguments: str, stdin: str = "") -> str:
        """A command that may be repeated, until it has worked: the API may be down at the moment."""
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            done = self.kubectl.run(*arguments, stdin=stdin)
            if done.returncode == 0:
                return done.stdout
            assert time.monotonic() < end, f"kubectl {arguments}: {done.stdout}{done.stderr}"
            time.sleep(0.2)

    def sleep(self, seconds: float) -> None:
        """The moment of a fault is chance."""
        time.sleep(seconds)

    def objects(self, kinds: str, *more: str) -> list[Any]:
        return list(json.loads(self.say("get", kinds, "-o", "json", *more))["items"])

    def containers(self) -> dict[str, Any]:
        """Of pods, by id, whatever their state, as the engine has them."""
        import docker

        client = docker.DockerClient(base_url=self.cluster.docker_host, version="1.43", timeout=120)
        try:
            found = client.api.containers(all=True)
        finally:
            client.close()
        return {each["Id"]: each for each in found if "io.kubernetes.pod.uid" in each["Labels"]}

    def disagreements(self) -> list[str]:
        """Between the API's pods and the engine's containers: none is missing, none too many, none restarted."""
        pods, found = self.objects("pods"), list[str]()
        said: set[str] = set()
        for pod in pods:
            name, statuses = pod["metadata"]["name"], pod["status"].get("containerStatuses") or []
            if "deletionTimestamp" in pod["metadata"] or pod["status"].get("phase") not in ("Running", "Succeeded"):
                found.append(f"{name} is {pod['status'].get('phase')}")
            found += [f"{name} was restarted {each['restartCount']} times" for each in statuses if each["restartCount"]]
            said |= {str(each.get("containerID", "")).removeprefix(WRAPPED) for each in statuses}
        try:
            there = self.containers()
        except OSError as error:  # the node is on its way back
            return [f"the engine: {error}"]
        found += [f"no container {each}" for each in said - set(there)]
        return found + [f"nobody's container {there[each]['Names']}" for each in set(there) - said]

    def settled(self, wanted: Any) -> None:
        """Wait until ``wanted()`` names nothing that is missing, and everybody agrees."""
        end, left = time.monotonic() + SETTLE_SECONDS, ["nothing was asked"]
        while left and time.monotonic() < end:
            left = wanted() or self.disagreements()
            time.sleep(0.2 if left else 0)
        assert not left, f"{left}\n{self.surroundings()}"

    def surroundings(self) -> str:
        """For who has to find out why."""
        asked = ("get", "pods", "-o", "wide"), ("get", "events", "--sort-by=.lastTimestamp"), ("describe", "pods")
        log = (self.cluster.root / "wherry.log").read_text(errors="replace").splitlines()[-120:]
        return "\n".join([*(self.kubectl.run(*each).stdout[-12000:] for each in asked), *log])

    # The kernel's side

    def footprint(self) -> Counter[str]:
        """How much there is of each sort: names differ, for what is kept ready is another each time."""
        found = take(self.instance)
        sorts = ("mounts", "cgroups", "links", "netns", "nft_tables")
        counts = Counter({sort: len(getattr(found, sort)) for sort in sorts})
        counts["containers"] = sum(1 for _ in self.instance.containers.iterdir())
        counts["sandboxes"] = sum(1 for _ in self._below(self.instance.sandboxes))
        counts["volumes"] = sum(1 for _ in self._below(self.instance.storage))
        shared = ("memory", "messages")
        for place in (self.instance.pods, *(self.instance.pods / each for each in shared)):
            counts["pods"] += sum(1 for path in self._below(place) if path.name not in shared)
        for table in found.nft_tables:
            counts += _elements(table.split()[1:])
        return counts

    def at_rest(self) -> Counter[str]:
        """The footprint when it has not changed for a while: what is kept ready is there."""
        found, same = self.footprint(), 0
        while same < 5:
            time.sleep(0.2)
            now = self.footprint()
            found, same = now, same + 1 if now == found else 0
        return found

    @staticmethod
    def _below(directory: Path) -> list[Path]:
        try:
            return list(directory.iterdir())
        except OSError:  # there is none, or none any more
            return []

    def gone(self, before: Counter[str]) -> None:
        """Wait until there is no more of anything than ``before``."""
        end, more = time.monotonic() + SETTLE_SECONDS, Counter({"nothing was counted": 1})
        while more and time.monotonic() < end:
            more = self.footprint() - before
            time.sleep(0.2 if more else 0)
        found = take(self.instance)
        assert not more, f"left behind: {dict(more)}\n{found}\n{self.surroundings()}"


def _wherry(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    own = {name: value for name, value in os.environ.items() if not name.startswith("WHERRY_")}  # the tests' own
    command = [sys.executable, "-m", "wherry", "--root", str(root), *arguments]
    return subprocess.run(command, env=own, capture_output=True, text=True, timeout=120, check=False)


def _elements(table: list[str]) -> Counter[str]:
    """How many there are in each set and map of a table (family and name)."""
    said = subprocess.run(["nft", "-j", "list", "table", *table], capture_output=True, text=True, check=False).stdout
    parts = json.loads(said or "{}").get("nftables", [])
    found = [each for part in parts for kind, each in part.items() if kind in ("set", "map")]
    return Counter({f"{' '.join(table)} {each['name']}": len(each.get("elem") or ()) for each in found})


@contextmanager
def fault_lab(home: Path) -> Iterator[FaultLab]:
    """With an image ``demo:1`` of busybox, a node that is ready; at the end nothing may be left of it."""
    with wherry.Cluster(settings=SOON) as cluster:
        lab = FaultLab(cluster, home)
        done = _wherry(cluster.root, "image", "bootstrap", "--tag", IMAGE, "busybox")
        assert done.returncode == 0, done.stderr
        lab.kubectl.until(" Ready", "get", "nodes")
        lab.kubectl.until("default", "get", "serviceaccounts")
        yield lab
    nothing_left(lab.instance)
