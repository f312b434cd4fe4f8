"""S05: the clock is set an hour or ten years forth and back: the time of leases goes on as if nothing had been."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kernel.storeprocess import REPOSITORY

JUMPS = ["+1h", "-1h", "+10y", "-10y"]
LIBRARIES = [
    *Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"),
    *Path("/usr/lib64").glob("faketime/libfaketimeMT.so.1"),
]
# By the end of the short lease's time the long one, kept alive one, and one that was granted after the jump must live.
PROGRAM = """
import asyncio, sys, time
from pathlib import Path
from wherry.store.model import Put
from wherry.store.sqlite import open_store

async def main(path, clock, jump):
    store = open_store(path)
    before = time.time()
    leases = {name: await store.grant(seconds) for name, seconds in {"long": 3600, "short": 8, "kept": 8}.items()}
    for name, lease in leases.items():
        await store.commit([], [Put("/" + name, b"", lease)])
    clock.write_text(jump)
    while abs(time.time() - before) < 1800:
        await asyncio.sleep(0.01)
    leases["late"] = await store.grant(3600)
    await store.commit([], [Put("/late", b"", leases["late"])])
    assert len((await store.range("")).items) == 4, "a lease ended with the jump"
    while await store.get("/short"):
        await store.keep_alive(leases["kept"])
        await asyncio.sleep(0.1)
    print(*(item.key for item in (await store.range("")).items))
    await store.aclose()
    store = open_store(path)
    assert await store.get("/long")
    await store.aclose()

asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
"""


@pytest.mark.skipif(not LIBRARIES, reason="needs libfaketime")
@pytest.mark.parametrize("jump", JUMPS)
def test_s05_leases_do_not_feel_that_the_clock_is_set(tmp_path: Path, jump: str) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    environment = {
        **os.environ,
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # which nobody can set
    }
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "state"), str(clock), jump]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["/kept", "/late", "/long"]
