"""One endpoint's change in the rules of services, with few services and with many: what it costs must not depend on it.

Each side is a process in a network namespace of its own (``python -m benchmarks.services COUNT``) that holds the rules
of that many services, with three endpoints each; for each line that it reads it takes an endpoint away from one of
them, or gives it back, and writes how many milliseconds that took: from the API's objects to the kernel's transaction.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from typing import Any

from benchmarks.measure import Contest, in_turn
from benchmarks.report import Goal, Row
from benchmarks.starts import Stage
from wherry.linux.namespaces import NEWNET
from wherry.linux.syscalls import unshare
from wherry.node.proxy.apply import KernelRules
from wherry.node.proxy.difference import united
from wherry.node.proxy.model import Node
from wherry.node.proxy.plan import plan
from wherry.node.proxy.policies.plan import plan as policies
from wherry.node.proxy.state import Services

FEW, MANY = 10, 5000
ROUNDS = 200
_ADDRESSES = ("172.17.0.2", "172.17.0.3", "172.17.0.4")


def change_of_an_endpoint(stage: Stage) -> Row:
    """Ours with many services, its peer with few."""
    with _rules(MANY) as many, _rules(FEW) as few:
        ours, peer = in_turn(Contest(lambda: _change(many)), Contest(lambda: _change(few)), ROUNDS)
    what = f"service rules: one endpoint's change, {MANY} services"
    return Row("services", what, "ms", ours, peer, f"{FEW} services", Goal(1.5))


@contextmanager
def _rules(count: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "benchmarks.services", str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        _change(process)  # when the first one is done, all of them are there
        yield process
    finally:
        process.kill()
        process.wait()


def _change(process: "subprocess.Popen[str]") -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return float(json.loads(process.stdout.readline()))


def _service(number: int) -> dict[str, Any]:
    address = str(IPv4Network("10.96.0.0/12")[number + 1])
    ports = [{"name": "http", "protocol": "TCP", "port": 80}]
    return {
        "metadata": {"name": f"service-{number}", "namespace": "default"},
        "spec": {"clusterIP": address, "clusterIPs": [address], "ports": ports, "selector": {"app": "a"}},
    }


def _slice(addresses: tuple[str, ...]) -> dict[str, Any]:
    return {
        "metadata": {"name": "a", "namespace": "default"},
        "addressType": "IPv4",
        "ports": [{"name": "http", "protocol": "TCP", "port": 8080}],
        "endpoints": [{"addresses": [each], "nodeName": "here", "conditions": {"ready": True}} for each in addresses],
    }


def _serve(count: int) -> None:
    unshare(NEWNET)
    node = Node(
        "here", "wherry-bench-services", "wherry0", "02:42:ac:11:00:01", "wv", (IPv4Network("172.17.0.0/16"),), ()
    )
    services, rules = Services(node), KernelRules("wherry-bench-services")
    plans = {
        ("default", f"service-{number}"): plan(_service(number), [_slice(_ADDRESSES)], node, {})
        for number in range(count)
    }
    services.update(plans)
    rules.replace(united(services.ruleset(), policies((), (), {})))
    for turn, _ in enumerate(sys.stdin):
        number = turn // 2 % count
        addresses = _ADDRESSES if turn % 2 else _ADDRESSES[:2]
        began = time.perf_counter()
        key = ("default", f"service-{number}")
        rules.change(services.update({key: plan(_service(number), [_slice(addresses)], node, {})}))
        print((time.perf_counter() - began) * 1000, flush=True)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
