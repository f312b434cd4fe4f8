"""A ``control`` process of its own, in a directory of its own."""

import base64
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.conformance.kube.web import Web

SECONDS = 120.0


def wait_until(holds: Any, what: str, seconds: float = SECONDS) -> Any:
    """The first true value of ``holds()``."""
    end = time.monotonic() + seconds
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.02)


class Control:
    """Started by making it, ended by :meth:`stop`. ``descriptors``: its limit of open files."""

    def __init__(self, root: Path, *arguments: str, descriptors: int = 0) -> None:
        self.root = root
        self.log = root / "control.log"
        root.mkdir(parents=True, exist_ok=True)
        (root / "run" / "api").unlink(missing_ok=True)

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        command = [sys.executable, "-m", "wherry.app.control", "--root", str(root), *arguments]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, preexec_fn=limit if descriptors else None, start_new_session=True
            )
        try:
            wait_until(self._started, "control is ready")
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        self.address = (root / "run" / "api").read_text().strip()
        self.host, self.port = urlsplit(self.address).hostname or "", urlsplit(self.address).port or 0
        self._write_keys()

    def _started(self) -> bool:
        assert self._process.poll() is None, f"control has ended:\n{self.said}"
        return (self.root / "run" / "api").exists()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def said(self) -> str:
        """Its log."""
        return self.log.read_text(errors="replace")

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def resident_bytes(self) -> int:
        """Its memory (proc(5): Pss of smaps_rollup)."""
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no Pss")

    def _write_keys(self) -> None:
        """What the kubeconfig has, as files: for who wants those."""
        config = json.loads(self.kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.authority, self.identity = self.root / "ca.crt", self.root / "admin.pem"
        self.authority.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
        pair = base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"])
        self.identity.touch(mode=0o600)
        self.identity.write_bytes(pair)

    def web(self) -> Web:
        """A client of its own, the administrator's."""
        return Web((self.host, self.port), self.authority, self.identity)

    def kill(self) -> None:
        """As a crash would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it as the supervisor does; it must end well, and say nothing of faults."""
        if self.is_alive:
            os.kill(self.pid, signal.SIGTERM)
        code = self._process.wait(SECONDS)
        assert code == 0, f"control ended with {code}:\n{self.said[-4000:]}"
