"""The real kubectls, on a running server."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.unit.kube.kubectl import kubectls

SKEW = re.compile(r"^WARNING: version difference between client .*\n", re.MULTILINE)
_LIVELY = frozenset({"AGE", "LAST SEEN", "CREATED AT", "DURATION"})
"""Columns that show times."""


def version_id(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def all_versions() -> list[tuple[int, int]]:
    return sorted(kubectls())


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    command: str
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Everything."""
        return self.out + self.err

    @property
    def rows(self) -> list[list[str]]:
        """The lines of a table, headings first, cells apart; without the columns that show times."""
        return rows(self.out)


def rows(text: str) -> list[list[str]]:
    """See :attr:`Done.rows`."""
    lines = text.splitlines()
    starts = [match.start() for match in re.finditer(r"(?<!\S)\S+(?: \S+)*", lines[0])] if lines else []
    found = []
    for line in lines:
        cells = [line[start:end].strip() for start, end in zip(starts, [*starts[1:], len(line) + 1], strict=True)]
        found.append(cells)
    kept = [index for index, name in enumerate(found[0]) if name not in _LIVELY] if found else []
    return [[cells[index] for index in kept] for cells in found]


class Kubectl:
    """One version of kubectl with its own caches; ``namespace`` is what its context says."""

    def __init__(
        self, kubeconfig: Path, home: Path, namespace: str = "default", version: tuple[int, int] = (0, 0)
    ) -> None:
        self._path = kubectls()[version if version[0] else max(kubectls())]
        self.version = version if version[0] else max(kubectls())
        self.home = home
        self.namespace = namespace
        config = json.loads(kubeconfig.read_text())
        config["contexts"][0]["context"]["namespace"] = namespace
        self.kubeconfig = home / f"kubeconfig-{namespace}"
        self.kubeconfig.write_text(json.dumps(config))
        self._environment = {
            "HOME": str(home), "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "KUBECONFIG": str(self.kubeconfig),
            "TZ": "UTC",
        }  # fmt: skip

    def command(self, words: str) -> list[str]:
        cache = self.home / f"cache-{version_id(self.version)}"
        return [str(self._path), f"--cache-dir={cache}", *shlex.split(words)]

    def run(self, words: str, stdin: str = "", environment: Mapping[str, str] | None = None) -> Done:
        """However it ends."""
        done = subprocess.run(
            self.command(words), input=stdin, capture_output=True, check=False, text=True, timeout=120,
            env={**self._environment, **(environment or {})}, cwd=self.home,
        )  # fmt: skip
        return Done(words, done.returncode, done.stdout, SKEW.sub("", done.stderr))

    def start(self, words: str) -> "subprocess.Popen[str]":
        """One that goes on."""
        return subprocess.Popen(
            self.command(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self._environment,
            cwd=self.home,
        )  # fmt: skip

    def __call__(self, words: str, stdin: str = "", environment: Mapping[str, str] | None = None) -> Done:
        """It must go well."""
        done = self.run(words, stdin, environment)
        assert done.code == 0, f"kubectl {words}: {done.code}\n{done.said}"
        return done

    def fails(self, words: str, stdin: str = "", code: int = 1) -> str:
        """It must not; what it says."""
        done = self.run(words, stdin)
        assert done.code == code, f"kubectl {words}: {done.code}\n{done.said}"
        return done.said
