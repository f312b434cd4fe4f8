"""A whole cluster for tests: kubectl on it, in a namespace of the test's own."""

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import yaml

import wherry
from tests.kernel import census
from tests.unit.kube.kubectl import kubectls
from wherry.engine.instance import Instance

NEWEST = max(kubectls(), default=(0, 0))
SECONDS = 120.0
"""How long anything is waited for: a machine may have much else to do."""
IMAGE = "demo:1"
"""busybox with a link for each of its commands."""
EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
WHERRY = Path(__file__).resolve().parents[3] / ".venv" / "bin" / "wherry"


SOON = {"WHERRY_CONTAINERS_STOP_TIMEOUT": "1"}
"""Settings of an instance whose end nobody looks at: what sleeps in containers hears of no signal."""


class Commands:
    """kubectl of one version, on one cluster; ``namespace`` is where it looks when nothing is said."""

    def __init__(
        self, cluster: wherry.Cluster, home: Path, version: tuple[int, int] = NEWEST, namespace: str = "default"
    ) -> None:
        self.program = str(kubectls()[version])
        self.namespace = namespace
        self.environment = {**os.environ, **cluster.environment, "HOME": str(home), "TZ": "UTC"}
        self._where = ["--namespace", namespace] if namespace != "default" else []

    def __call__(self, *arguments: str, stdin: str = "", code: int = 0, seconds: float = SECONDS) -> str:
        """It must end with that status; what it wrote."""
        done = self.run(*arguments, stdin=stdin, seconds=seconds)
        assert done.returncode == code, f"kubectl {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def run(self, *arguments: str, stdin: str = "", seconds: float = SECONDS) -> "subprocess.CompletedProcess[str]":
        """However it ends."""
        return subprocess.run(
            [self.program, *self._where, *arguments], env=self.environment, input=stdin, capture_output=True, text=True,
            timeout=seconds, check=False,
        )  # fmt: skip

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """One that goes on; the caller ends it."""
        return subprocess.Popen(
            [self.program, *self._where, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def fails(self, *arguments: str, stdin: str = "", code: int = 1) -> str:
        """It must not go well; what it says of that."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == code, f"kubectl {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stderr

    def until(self, found: str, *arguments: str, seconds: float = SECONDS) -> str:
        """Ask until the pattern is in an answer, which no failure is."""
        end = time.monotonic() + seconds
        while True:
            done = self.run(*arguments)
            if done.returncode == 0 and re.search(found, done.stdout):
                return done.stdout
            assert time.monotonic() < end, f"{found!r} never came, but:\n{done.stdout}{done.stderr}"
            time.sleep(0.1)

    def json(self, *arguments: str) -> Any:
        """Objects as they are."""
        return json.loads(self("get", *arguments, "-o", "json"))

    def apply(self, *objects: Any) -> str:
        """Manifests: texts, paths or objects."""
        texts = []
        for each in objects:
            if isinstance(each, Path):
                texts.append(each.read_text())
            else:
                texts.append(each if isinstance(each, str) else json.dumps(each))
        return self("apply", "-f", "-", stdin="\n---\n".join(texts))

    def table(self, *arguments: str) -> list[dict[str, str]]:
        """The rows of a table, each cell by its heading."""
        return rows(self(*arguments))


def rows(text: str) -> list[dict[str, str]]:
    """See :meth:`Commands.table`."""
    lines = text.splitlines()
    starts = [(match.group(), match.start()) for match in re.finditer(r"(?<!\S)\S+(?: \S+)*", lines[0])]
    ends = [*(start for _, start in starts[1:]), None]
    return [
        {name: line[start:end].strip() for (name, start), end in zip(starts, ends, strict=True)} for line in lines[1:]
    ]


def bootstrap(cluster: wherry.Cluster) -> None:
    """An image ``IMAGE`` of busybox, on the cluster's engine."""
    command = [WHERRY, "--root", cluster.root, "image", "bootstrap", "--tag", IMAGE, "busybox"]
    subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)


def nothing_left(instance: Instance, *, files: bool = True) -> None:
    """Of an instance that is down; ``files``: it may not have any either."""
    end = time.monotonic() + SECONDS / 4
    while list(census.processes(instance)) and time.monotonic() < end:
        time.sleep(0.05)
    left = census.take(instance).since(census.Census())
    left = [each for each in left if files or not each.startswith("files:")]
    assert not left, "left behind:\n" + "\n".join(left)


def image(cluster: wherry.Cluster, tag: str, directory: Path) -> None:
    """Build one on the cluster's engine."""
    subprocess.run(
        [WHERRY, "--root", cluster.root, "build", "--progress", "quiet", "--tag", tag, directory],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip


def objects(text: str) -> list[Any]:
    """Those of a manifest."""
    return [each for each in yaml.safe_load_all(text) if each]
