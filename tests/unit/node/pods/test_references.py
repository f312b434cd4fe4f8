"""Config maps and secrets while somebody needs them."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.node.pods.rig import Client
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import Object
from wherry.node.pods.references import Reference, References

MAP, SECRET = Reference("configmaps", "default", "m"), Reference("secrets", "default", "s")


def config_map(**data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "default"}, "data": data}


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.client = Client(self.clock)
        self.told: list[str] = []

    def watches(self) -> int:
        return len(self.client._streams)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    async with Informers(bench.client, bench.clock) as informers:
        bench.references = References(informers, bench.told.append)  # type: ignore[attr-defined]
        yield bench


async def test_what_is_needed_is_known_and_what_is_not_there_too(bench: Bench) -> None:
    references: References = bench.references  # type: ignore[attr-defined]
    bench.client.put(config_map(a="1"))
    await references.need("p", [MAP, SECRET])
    found = references.find(MAP)
    assert found is not None
    assert found["data"] == {"a": "1"}
    assert references.find(SECRET) is None
    assert references.is_needed("p", [MAP])
    assert not references.is_needed("p", [MAP, Reference("secrets", "default", "other")])
    assert not references.is_needed("q", [MAP])


async def test_who_needs_it_is_told_of_changes(bench: Bench) -> None:
    references: References = bench.references  # type: ignore[attr-defined]
    await references.need("p", [MAP])
    await references.need("q", [MAP])
    await references.need("r", [SECRET])
    before = references.versions("p")
    bench.client.put(config_map(a="1"))
    await bench.clock.advance(0)
    assert sorted(bench.told) == ["p", "q"]
    assert references.versions("p") != before
    assert references.versions("p") == references.versions("q")


async def test_one_watch_an_object_as_long_as_somebody_needs_it(bench: Bench) -> None:
    references: References = bench.references  # type: ignore[attr-defined]
    await references.need("p", [MAP])
    await references.need("q", [MAP, SECRET])
    await bench.clock.advance(0)
    assert bench.watches() == 2
    await references.need("q", [MAP])
    await bench.clock.advance(0)
    assert bench.watches() == 1
    references.forget("p")
    await bench.clock.advance(0)
    assert bench.watches() == 1
    references.forget("q")
    references.forget("q")
    await bench.clock.advance(0)
    assert bench.watches() == 0
    assert references.find(MAP) is None
