"""Runs a proxy and changes its services until it is killed: python proxychurn.py ADDRESS ADDRESS."""

import asyncio
import sys

from tests.unit.node.proxy.objects import NODE, endpoint, service, slice_
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informers import Informers
from wherry.node.proxy.apply import KernelRules
from wherry.node.proxy.proxy import Proxy


async def churn(first: str, second: str) -> None:
    client = FakeClient(
        service(), slice_("web", [endpoint(first)]), service("none", "10.96.0.9"),
        *(service(f"s{number}", f"10.96.1.{number}") for number in range(1, 200)),
    )  # fmt: skip
    async with Informers(client, SystemClock()) as informers:
        proxy = Proxy(informers, SystemClock(), NODE, KernelRules(NODE.table))
        task = asyncio.create_task(proxy.run())
        await proxy.started.wait()
        print("changing", flush=True)
        turn = 0
        while not task.done():
            turn += 1
            endpoints = [endpoint(second if turn % 2 else first)]
            client.put(
                slice_("web", endpoints, ports=[{"name": "http", "protocol": "TCP", "port": 8080}]),
                *(slice_(f"s{number}", endpoints) for number in range(1, 1 + turn % 190)),
            )
            await proxy.withdraw([first if turn % 2 else second])
            if turn % 5 == 0:
                proxy._lose()  # all of it, in one transaction


asyncio.run(churn(sys.argv[1], sys.argv[2]))
