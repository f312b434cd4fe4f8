"""How fast containers start and what they cost, on the instance that ``WHERRY_ROOT`` names: for ./run to show."""

import os
import statistics
import time
from pathlib import Path

from wherry.app import status
from wherry.app.client import Client
from wherry.engine.instance import Instance

ROUNDS = 20


def once(client: Client, network: str) -> float:
    """Milliseconds to create, start and await a container that does nothing."""
    body = {"Image": "demo:1", "Cmd": ["true"], "HostConfig": {"NetworkMode": network}}
    begin = time.perf_counter()
    identity = client.post("/containers/create", None, body)["Id"]
    waiting = client.request("POST", f"/containers/{identity}/wait", {"condition": "next-exit"})
    client.post(f"/containers/{identity}/start")
    waiting.read()
    elapsed = (time.perf_counter() - begin) * 1000
    client.delete(f"/containers/{identity}")
    return elapsed


def main() -> None:
    instance = Instance.at(Path(os.environ["WHERRY_ROOT"]))
    client = Client(str(instance.socket))
    for network in ("none", "bridge"):
        median = statistics.median(once(client, network) for _ in range(ROUNDS))
        print(f"create, start and await `true` on network {network}: {median:.1f} ms (median of {ROUNDS})")
    processes = status.report(instance).processes
    engine = sum(process.pss_bytes for process in processes if process.role != "shim")
    shim = max((process.pss_bytes for process in processes if process.role == "shim"), default=0)
    print(f"memory of the engine: {engine / 1e6:.1f} MB; of a running container's shim: {shim / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
