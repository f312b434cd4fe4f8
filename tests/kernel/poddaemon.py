"""A daemon that makes and removes pods until somebody kills it: ``python -m tests.kernel.poddaemon ROOT SEED``."""

import asyncio
import random
import sys
from contextlib import suppress
from pathlib import Path

from tests.kernel.podbench import PodBench
from wherry.kit.errors import WherryError
from wherry.node.pods.runtime import PortMapping

KINDS = ({}, {"share_processes": True}, {"user_namespace": False}, {"ports": (PortMapping(80, 0),)})


async def live(root: Path, seed: int) -> None:
    bench = await PodBench(root).up()
    print("up", flush=True)
    await asyncio.gather(*(work(bench, number, random.Random(seed + number)) for number in range(4)))


async def work(bench: PodBench, number: int, chance: random.Random) -> None:
    """One pod, again and again; what fails because of what was before is tried anew."""
    for attempt in range(10_000):
        with suppress(WherryError):
            pod = await bench.sandbox(f"u{number}", attempt=attempt, **KINDS[number])
            for name in ("one", "two"):
                await bench.container(pod, "sleep", "1000", name=name)
            await asyncio.sleep(chance.random() * 0.05)
            if chance.random() < 0.5:
                await bench.pods.stop_sandbox(pod.id)
            await bench.pods.remove_sandbox(pod.id)


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), int(sys.argv[2])))
