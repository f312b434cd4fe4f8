"""Many clients that commit into our store, each one after the other: ``python -m benchmarks.storeload DIR CLIENTS S
[MOST]``, for so many seconds or commits.

Prints the microseconds a commit took, all clients together. Names end by chance, as those that the API makes of
``generateName``: in their order they would be put beside each other, which is less work (45 us in place of 48).
"""

import asyncio
import random
import sys
import time
from pathlib import Path

import uvloop

from wherry.store.model import Compare, Put
from wherry.store.sqlite import open_store

_VALUE = b"v" * 2048


async def main() -> None:
    directory, clients, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    most = int(sys.argv[4]) if len(sys.argv) > 4 else sys.maxsize
    directory.mkdir()
    store = open_store(directory / "state.sqlite")
    begun = time.perf_counter()
    end = begun + seconds
    done, chance = 0, random.Random(1)

    async def commit(client: int) -> None:
        nonlocal done
        number = 0
        while time.perf_counter() < end and done < most:
            key = f"/core/configmaps/bench/bench-{chance.getrandbits(25):x}-{client}-{number}"
            await store.commit([Compare(key, 0)], [Put(key, _VALUE)])
            number += 1
            done += 1

    await asyncio.gather(*(commit(client) for client in range(clients)))
    taken = time.perf_counter() - begun
    await store.aclose()
    print(taken / done * 1e6)


if __name__ == "__main__":
    uvloop.run(main())
