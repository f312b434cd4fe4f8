"""An etcd of a test's own, on loopback, that lets in who has a certificate of the test's authority."""

import itertools
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.ports import quiet_port
from tests.unit.certificates import Certificates, make
from wherry.store.etcd.address import Address

READY_SECONDS = 60.0
_numbers = itertools.count()

needs_etcd = pytest.mark.skipif(
    shutil.which("etcd") is None or find_spec("aetcd") is None,
    reason="needs etcd (Debian's etcd-server) and the package aetcd",
)


@dataclass
class EtcdServer:
    """May be ended and started again, with its data, at its address."""

    directory: Path
    certificates: Certificates
    port: int = field(default_factory=quiet_port)
    peer_port: int = field(default_factory=quiet_port)
    options: tuple[str, ...] = ("--max-txn-ops=2048",)
    process: "subprocess.Popen[bytes] | None" = None

    def address(self, prefix: str = "") -> Address:
        """Of a prefix that no other test has."""
        certificates = self.certificates
        prefix = prefix or f"/test-{next(_numbers)}/"
        files = (certificates.authority, certificates.certificate, certificates.key)
        return Address((f"127.0.0.1:{self.port}",), *files, prefix)

    def start(self) -> None:
        client, peer = f"https://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.peer_port}"
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    "etcd",
                    f"--data-dir={self.directory / 'data'}",
                    f"--listen-client-urls={client}",
                    f"--advertise-client-urls={client}",
                    f"--listen-peer-urls={peer}",
                    f"--initial-advertise-peer-urls={peer}",
                    f"--initial-cluster=default={peer}",
                    f"--cert-file={self.certificates.certificate}",
                    f"--key-file={self.certificates.key}",
                    f"--trusted-ca-file={self.certificates.authority}",
                    "--client-cert-auth",
                    "--logger=zap",
                    "--log-level=warn",
                    *self.options,
                ],
                stdout=log,
                stderr=log,
                cwd=self.directory,
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"etcd does not start: {(self.directory / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def running(directory: Path, *options: str) -> Iterator[EtcdServer]:
    """Its data are below ``directory``."""
    server = EtcdServer(directory, make(directory))
    server.options += options
    server.start()
    try:
        yield server
    finally:
        server.kill()
