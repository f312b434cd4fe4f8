"""Commits into the store, beside the disk alone and beside Debian's etcd: 2 KB each, by 64 clients at once.

``python -m benchmarks.storing PLACE CLIENTS SECONDS`` is one contestant in a process of its own: PLACE is a directory
(the floor), or the address of an etcd. Ours is ``python -m benchmarks.storeload``, which this resembles.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import Contest, in_turn, wait_until
from benchmarks.report import Row
from benchmarks.starts import Stage
from wherry.store.model import Compare, Put, Store

CLIENTS = 64
_SECONDS = 3
_ROUNDS_LIMIT = 5  # each takes seconds
_READY_SECONDS = 20.0
NO_ETCD = "etcd (Debian's etcd-server) or aetcd is not installed"
_VALUE = b"v" * 2048


def against_floor_and_etcd(stage: Stage) -> list[Row]:
    """Microseconds a commit, all clients together; and of one client alone, who waits for the disk each time."""
    directory = stage.directory / "storing"
    directory.mkdir()
    rounds = min(stage.rounds, _ROUNDS_LIMIT)
    what = f"durable commit of 2 KB, {CLIENTS} clients"
    try:
        rows = []
        for name, clients in (("store", CLIENTS), ("store-one", 1)):
            ours = _contest(directory, "benchmarks.storeload", clients)
            floor = _contest(directory, "benchmarks.storing", clients)
            text = what if clients > 1 else "the same, one client"
            rows.append(Row(name, text, "us", *in_turn(ours, floor, rounds, 1), "append and fsync"))
        return [*rows, _beside_etcd(directory, what, rounds)]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _beside_etcd(directory: Path, what: str, rounds: int) -> Row:
    with etcd_alone(directory / "etcd") as theirs:
        if theirs is None:
            return Row("store-etcd", what, "us", peer_name="etcd", missing=NO_ETCD)
        taken, peer = in_turn(_contest(directory, "benchmarks.storeload", CLIENTS), theirs, rounds, 1)
    return Row("store-etcd", what, "us", taken, peer, "etcd 3.4, TLS", notes=("both by a client in Python",))


@contextmanager
def etcd_alone(directory: Path) -> Iterator[Contest | None]:
    """Microseconds a commit of 2 KB takes in an etcd that runs meanwhile, with 64 clients. None: there is no etcd."""
    if shutil.which("etcd") is None or find_spec("aetcd") is None:
        yield None
        return
    with _etcd(directory) as address:
        yield Contest(lambda: _taken("benchmarks.storing", address, CLIENTS))


def _taken(module: str, place: str, clients: int) -> float:
    command = [sys.executable, "-m", module, place, str(clients), str(_SECONDS)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)


def _contest(directory: Path, module: str, clients: int) -> Contest:
    return Contest(lambda: _in_fresh(directory, module, clients))


def _in_fresh(directory: Path, module: str, clients: int) -> float:
    place = directory / f"{time.time_ns()}"
    try:
        return _taken(module, str(place), clients)
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _etcd(directory: Path) -> Iterator[str]:
    """One that trusts our cluster's authority, with its data beside ours; its address."""
    from wherry.kube.pki.directory import ensure
    from wherry.kube.pki.model import Wanted

    directory.mkdir()
    pki = ensure(directory / "pki", Wanted(), time.time())
    files = {"ca.crt": pki.authority_pem}
    for name, pair in (("server", pki.serving), ("client", next(iter(pki.clients.values())))):
        files |= {f"{name}.crt": pair.certificate_pem, f"{name}.key": pair.key_pem}
    for name, text in files.items():
        (directory / name).write_text(text)
    port, peer = _free_port(), f"http://127.0.0.1:{_free_port()}"
    options = {
        "data-dir": directory / "data",
        "listen-client-urls": f"https://127.0.0.1:{port}",
        "advertise-client-urls": f"https://127.0.0.1:{port}",
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "cert-file": directory / "server.crt",
        "key-file": directory / "server.key",
        "trusted-ca-file": directory / "ca.crt",
        "client-cert-auth": "true",
    }
    with (directory / "log").open("wb") as log:
        command = ["etcd", *(f"--{name}={value}" for name, value in options.items())]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until(lambda: _listens(port), _READY_SECONDS, "etcd")
        yield f"etcd://127.0.0.1:{port}/bench?ca={directory}/ca.crt&cert={directory}/client.crt&key={directory}/client.key"
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


# A contestant's process


def append(directory: Path, clients: int, seconds: float) -> float:
    """What the disk takes for the same bytes: one write and one fsync for as many commits as there are clients."""
    directory.mkdir()
    fd = os.open(directory / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    done, begin = 0, time.perf_counter()
    while time.perf_counter() < begin + seconds:
        os.write(fd, _VALUE * clients)
        os.fdatasync(fd)
        done += clients
    os.close(fd)
    return (time.perf_counter() - begin) / done * 1e6


async def commit_to_etcd(address: str, clients: int, seconds: float) -> float:
    """As :mod:`benchmarks.storeload`, there."""
    from wherry.store.etcd import open_store
    from wherry.store.etcd.address import parse

    store: Store = await open_store(parse(address))
    run, begin, done = time.time_ns(), time.perf_counter(), 0

    async def commit(client: int) -> None:
        nonlocal done
        number = 0
        while time.perf_counter() < begin + seconds:
            key = f"/core/configmaps/bench/{run}-{client}-{number}"
            await store.commit([Compare(key, 0)], [Put(key, _VALUE)])
            number += 1
            done += 1

    await asyncio.gather(*(commit(client) for client in range(clients)))
    taken = time.perf_counter() - begin
    await store.aclose()
    return taken / done * 1e6


if __name__ == "__main__":
    place, clients, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    if place.startswith("etcd:"):
        print(asyncio.run(commit_to_etcd(place, clients, seconds)))
    else:
        print(append(Path(place), clients, seconds))
