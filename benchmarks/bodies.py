"""What who asks for little waits for while others send large bodies: ``python -m benchmarks.bodies CA HOST PORT TOKEN``
sends them, until it is killed."""

import http.client
import itertools
import json
import ssl
import subprocess
import sys
import threading
import time

from benchmarks.control import ACCOUNT, Control
from benchmarks.measure import Sample
from benchmarks.report import Goal, Row

SENDERS = 8
_SECONDS = 6
_PATH = f"/api/v1/namespaces/{ACCOUNT}/configmaps?dryRun=All"
_MS = 100


def row(server: Control) -> Row:
    """One connection's GETs, beside nothing and beside eight senders."""
    alone = _asked(server)
    host, port = server.place
    command = [sys.executable, "-m", "benchmarks.bodies", str(server.root / "cluster/pki/ca.crt")]
    process = subprocess.Popen([*command, host, str(port), server.token], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "answered\n":
            raise RuntimeError("large bodies are not answered")
        beside = _asked(server)
    finally:
        process.kill()
        process.wait()
    what = f"99th percentile of a small GET while {SENDERS} clients send bodies of 2 MB"
    note = f"api-bodies: {alone:.1f} ms when nobody does; all on this machine's processors"
    return Row("api-bodies", what, "ms", Sample((beside,)), goal=Goal(_MS, is_ratio=False), notes=(note,))


def _asked(server: Control) -> float:
    """The 99th percentile in milliseconds."""
    connection = server.connect()
    taken, end = list[float](), time.monotonic() + _SECONDS
    while time.monotonic() < end:
        began = time.perf_counter()
        connection.request("GET", f"/api/v1/namespaces/{ACCOUNT}")
        connection.getresponse().read()
        taken.append((time.perf_counter() - began) * 1000)
        time.sleep(0.005)
    taken.sort()
    return taken[len(taken) * 99 // 100]


def bodies() -> list[tuple[str, bytes]]:
    """Of what takes long to read, or to check: refused in the end, as larger than an object may be, or only tried."""
    data = {f"key-{number}": "value" for number in range(100_000)}
    lines = "".join(f"  key-{number}: value\n" for number in range(120_000))
    return [
        ("application/json", json.dumps({"metadata": {"name": "large"}, "data": data}).encode()),
        ("application/yaml", f"metadata: {{name: large}}\ndata:\n{lines}".encode()),
    ]


def _send(ca: str, host: str, port: int, token: str) -> None:
    context, all_bodies, said = ssl.create_default_context(cafile=ca), bodies(), threading.Event()

    def send(first: int) -> None:
        connection = http.client.HTTPSConnection(host, port, context=context, timeout=120)
        for number in itertools.count(first):
            content_type, body = all_bodies[number % len(all_bodies)]
            headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type}
            connection.request("POST", _PATH, body, headers)
            connection.getresponse().read()
            if not said.is_set():
                said.set()
                print("answered", flush=True)

    for number in range(SENDERS):
        threading.Thread(target=send, args=(number,)).start()


if __name__ == "__main__":
    _send(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
