"""Debian's docker-registry as the other side: on 127.0.0.1, in its own directory, with users and TLS on request."""

import json
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.ports import quiet_port

PROGRAM = shutil.which("docker-registry")
USER, PASSWORD = "me", "secret"
# bcrypt, which is all it takes, and cheap (crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))).
HTPASSWD = f"{USER}:$2b$04$kDjrRUwJMpLpLCZ.D1lbAugh9QVs.OvJne61.8JJg2kvSLM32qgXe\n"
_START_SECONDS = 120


class DebianRegistry:
    """A running registry; ``host`` is what references begin with. Leaving the block ends it.

    ``name``: of this machine, for which its certificate is; ``secure`` gives it one, by the authority ``ca``.
    """

    def __init__(self, directory: Path, name: str = "127.0.0.1", users: bool = False, secure: bool = False) -> None:
        self._directory = directory
        self._users = users
        self._secure = secure
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None
        self.ca = directory / "ca.crt"
        self.host = ""

    def __enter__(self) -> "DebianRegistry":
        self._directory.mkdir(parents=True, exist_ok=True)
        port = quiet_port()
        self.host = f"{self._name}:{port}"
        config = self._directory / "config.json"
        config.write_text(json.dumps(self._config(port)))  # YAML is JSON too
        assert PROGRAM is not None
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen([PROGRAM, "serve", str(config)], stdout=log, stderr=log)
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(120)

    def _config(self, port: int) -> dict[str, Any]:
        http: dict[str, Any] = {"addr": f"127.0.0.1:{port}", "secret": "of this test"}
        config: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self._directory / "data")}, "delete": {"enabled": True}},
            "http": http,
        }
        if self._users:
            (self._directory / "htpasswd").write_text(HTPASSWD)
            config["auth"] = {"htpasswd": {"realm": "test", "path": str(self._directory / "htpasswd")}}
        if self._secure:
            self._make_certificate()
            http["tls"] = {
                "certificate": str(self._directory / "server.crt"),
                "key": str(self._directory / "server.key"),
            }
        return config

    def _make_certificate(self) -> None:
        """An authority of its own, and a certificate by it for the name."""

        def openssl(*arguments: str) -> None:
            subprocess.run(["openssl", *arguments], cwd=self._directory, check=True, capture_output=True)

        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
        openssl("req", "-x509", *key, "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.crt")
        openssl("req", *key[:-2], "-subj", f"/CN={self._name}", "-keyout", "server.key", "-out", "server.csr")
        (self._directory / "extensions").write_text(f"subjectAltName=DNS:{self._name},IP:127.0.0.1\n")
        openssl(
            "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "extensions", "-out", "server.crt",
        )  # fmt: skip

    @property
    def url(self) -> str:
        return f"{'https' if self._secure else 'http'}://{self.host}"

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        context = ssl._create_unverified_context()
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/v2/", timeout=5, context=context).close()
                return
            except urllib.error.HTTPError as error:
                error.close()
                return
            except OSError as error:
                log = (self._directory / "log").read_text()
                assert self._process.poll() is None, log
                assert time.monotonic() < deadline, f"{error}: {log}"
                time.sleep(0.02)

    def request(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> bytes:
        """A request to a registry without users and TLS; its body."""
        headers = {"Content-Type": content_type} if content_type else {}
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())
