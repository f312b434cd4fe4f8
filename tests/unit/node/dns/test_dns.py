"""The whole name server, on loopback, with a fake API and a server to ask."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.unit.node.dns import wires
from tests.unit.node.dns.upstream import Upstream, upstream
from tests.unit.node.proxy.objects import namespace, service
from wherry.kit.errors import Conflict
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import Object
from wherry.node.dns.dns import Dns, Settings
from wherry.node.dns.exchange import Server, ask
from wherry.node.dns.message import Reply, parse_query

WEB = "web.default.svc.cluster.local"


def says(data: bytes) -> list[bytes]:
    return [wires.reply(data, [wires.address(1, 2, 3, 4)])]


def config_map(server: Server, **stubs: list[str]) -> Object:
    data = {"upstreamNameservers": json.dumps([str(server)]), "stubDomains": json.dumps(stubs)}
    meta = {"name": "kube-dns", "namespace": "kube-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


class Case:
    def __init__(self, client: FakeClient, dns: Dns, clock: FakeClock) -> None:
        self.client = client
        self.dns = dns
        self.clock = clock

    async def ask(self, asked: str, type_: int = 1) -> Reply:
        query = parse_query(wires.query(asked, type_, edns=1232))
        return await ask(Server("127.0.0.1", self.dns.port), query, 5.0)


@asynccontextmanager
async def running(tmp_path: Path, *objects: Object) -> AsyncIterator[Case]:
    client, clock = FakeClient(namespace(), service(), *objects), FakeClock()
    settings = Settings(["127.0.0.1"], 0, resolv_conf=tmp_path / "resolv.conf")
    async with Informers(client, clock) as informers:
        dns = Dns(informers, clock, settings)
        task = asyncio.create_task(dns.run())
        await dns.listening.wait()
        try:
            yield Case(client, dns, clock)
        finally:
            task.cancel()
            await asyncio.wait({task})


@pytest.fixture
async def other() -> AsyncIterator[Upstream]:
    async with upstream(says) as made:
        yield made


async def test_the_clusters_names_and_all_others(tmp_path: Path, other: Upstream) -> None:
    async with running(tmp_path, config_map(other.server)) as case:
        assert (await case.ask(WEB)).answers[0].data == b"\x0a\x60\0\1"
        assert (await case.ask("www.example.org")).answers[0].data == b"\1\2\3\4"
        assert (await case.ask("no." + WEB)).code == 3
        assert len(other.asked) == 1


async def test_who_is_asked_may_change(tmp_path: Path, other: Upstream) -> None:
    async with running(tmp_path) as case:
        assert (await case.ask("www.example.org")).code == 2, "nobody is there to ask"
        case.client.put(config_map(other.server))
        while (await case.ask("www.example.org")).code:
            await case.clock.advance(1)
        bad = config_map(other.server)
        bad["data"]["stubDomains"] = "nonsense"
        case.client.put(bad)
        await case.clock.advance(60)
        assert not (await case.ask("b.example.org")).code, "what cannot be understood changes nothing"


async def test_the_nodes_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    async with running(tmp_path) as case:
        assert case.dns._forwarder.upstreams.servers == ()
        (tmp_path / "resolv.conf").write_text("nameserver 192.0.2.1\n")
        await case.clock.advance(10)
        assert case.dns._forwarder.upstreams.servers == (Server("192.0.2.1"),)


async def test_n07_a_server_that_asks_us_again_makes_no_storm(tmp_path: Path) -> None:
    """An upstream that leads back here: each question goes around once."""
    returning: list[asyncio.Task[object]] = []

    def leads_back(data: bytes) -> list[bytes]:
        returning.append(asyncio.ensure_future(_ask_quietly(case, parse_query(data))))
        return []

    async with upstream(leads_back) as looping, running(tmp_path, config_map(looping.server)) as case:
        asking = [
            asyncio.ensure_future(_ask_quietly(case, parse_query(wires.query("www.example.org")))) for _ in range(5)
        ]
        while not all(task.done() for task in asking):
            await case.clock.advance(0.5)
            await asyncio.sleep(0.05)
        assert len(looping.asked) <= 4
        for task in returning:
            task.cancel()


async def _ask_quietly(case: Case, query: object) -> object:
    try:
        return await ask(Server("127.0.0.1", case.dns.port), query, 8.0)  # type: ignore[arg-type]
    except Exception as error:
        return error


async def test_n07_a_thousand_questions_are_all_answered(tmp_path: Path, other: Upstream) -> None:
    async with running(tmp_path, config_map(other.server)) as case:
        names = [WEB, "www.example.org", "no.such.svc.cluster.local", f"www.example.org.{WEB}"]
        for _ in range(10):
            found = await asyncio.gather(*(case.ask(names[number % 4]) for number in range(100)))
            assert [reply.code for reply in found] == [0, 0, 3, 3] * 25
        assert len(other.asked) == 1


async def test_n07_noise_kills_nobody(tmp_path: Path, other: Upstream) -> None:
    import random

    dice = random.Random(7)
    async with running(tmp_path, config_map(other.server)) as case:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", case.dns.port)
        )
        good = wires.query(WEB, edns=1232)
        for _ in range(2000):
            noise = bytearray(dice.choice((good, dice.randbytes(dice.randrange(80)))))
            for _ in range(dice.randrange(4)):
                if noise:
                    noise[dice.randrange(len(noise))] = dice.randrange(256)
            transport.sendto(bytes(noise))
            if dice.random() < 0.02:
                await asyncio.sleep(0)
        assert not (await case.ask(WEB)).code
        transport.close()


async def test_a_port_that_somebody_has_is_a_conflict(tmp_path: Path) -> None:
    async with running(tmp_path) as case, Informers(case.client, case.clock) as informers:
        second = Dns(informers, case.clock, Settings(["127.0.0.1"], case.dns.port))
        with pytest.raises(Conflict):
            await second.run()
