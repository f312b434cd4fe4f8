"""The garbage collector on the real API server: it hears of what has owners, and of nothing else."""

from pathlib import Path
from random import Random

import msgspec
import pytest

from tests.sim.cluster import cluster
from tests.unit.kube.controllers.garbage.families import KINDS, SPACES, Families
from tests.unit.kube.controllers.harness import SPACES as NAMESPACES
from wherry.kube.client.discovery import FakeDiscovery
from wherry.kube.controllers.frame import Needs
from wherry.kube.controllers.garbage.controller import GarbageCollector
from wherry.kube.machinery.status import expired


def make(needs: Needs) -> list[GarbageCollector]:
    return [GarbageCollector(msgspec.structs.replace(needs, discovery=FakeDiscovery(KINDS)))]


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_happens_to_families_those_are_left_who_should_be(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    async with cluster(tmp_path, make) as sim:
        await sim.client.create(NAMESPACES, {"metadata": {"name": SPACES[1]}})
        families = Families(sim.client, random)

        async def is_right() -> bool:
            return not await families.let_go() and await families.wrong() == []

        for _ in range(12):
            for each in KINDS:
                if random.random() < 0.3:
                    sim.server.caches.of(each.resource.group_resource).end_watches(expired("lost"))
            await families.burst(random.randrange(15), orphans=random.random() < 0.3)
            await sim.until(is_right)
        await sim.advance(100)
        assert await families.wrong() == []
