"""A process that uses a store and writes down what it did, whatever is done to it: S01 kills it, S03 breaks its disk.

``python -m tests.kernel.storeprocess STORE JOURNAL SEED AFTER STEPS``: says "opening", "open", and for a number of
steps "done" with what came of them; STEPS 0 goes on until it is killed. AFTER is the revision from which it watches.
"""

import asyncio
import os
import pickle
import random
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.suites.storework import Client, Watcher
from wherry.kit.errors import Unavailable, WherryError
from wherry.store.checker import check
from wherry.store.history import Entry, Given, Over, Recorder, told
from wherry.store.model import Compacted, Store
from wherry.store.sqlite import open_store

REPOSITORY = Path(__file__).parents[2]
CLIENTS = 8
_HEAD = struct.Struct("I")


def started(store: Path, journal: Path, seed: int, after: int, steps: int = 0) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "tests.kernel.storeprocess", *map(str, (store, journal, seed, after, steps))]


def popen(command: list[str], **options: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=REPOSITORY, **options
    )


class Journal:
    """Entries in a file, each there when it was written, whoever ends the process. The last may be cut off."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, entry: Entry) -> None:
        data = pickle.dumps(entry)
        os.write(self._fd, _HEAD.pack(len(data)) + data)

    @staticmethod
    def read(path: Path) -> Iterator[Entry]:
        data = path.read_bytes() if path.exists() else b""
        at = 0
        while at + _HEAD.size <= len(data):
            (length,) = _HEAD.unpack_from(data, at)
            at += _HEAD.size
            if at + length <= len(data):
                yield pickle.loads(data[at : at + length])
            at += length


class Chronicle:
    """The entries of all processes that had a store, one after the other."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.seen = 1
        """The newest revision that a watch of everything has been given: the next one goes on from there."""

    def add(self, journal: Path) -> None:
        """Of a process that has ended; its watch of everything is its first call."""
        entries = list(Journal.read(journal))
        audit = entries[0].number if entries else ""  # type: ignore[union-attr]
        for entry in entries:
            if isinstance(entry, Given) and entry.number == audit:
                self.seen = max(self.seen, entry.events[-1].revision)
        self.entries += [*entries, Over(time.monotonic())]
        journal.unlink(missing_ok=True)

    async def judge(self, path: Path) -> list[str]:
        """Open the store, which must be whole, see the rest, and say what is wrong."""
        store = open_store(path)
        recorder = Recorder(store, self.entries.append, time.monotonic, "end")
        audit = Watcher(recorder, "", self.seen)
        await audit.open()
        audit.complete(await store.revision())
        await recorder.range("")
        await store.aclose()
        return check(told(self.entries))


async def main(path: Path, journal: Path, seed: int, after: int, steps: int) -> None:
    store = open_store(path)
    recorder = Recorder(store, Journal(journal).write, time.monotonic, f"{seed}")
    audit = Watcher(recorder, "", after)
    await audit.open()
    await Watcher(recorder, "/pods/", await store.revision()).open()
    print("open", flush=True)
    clients = [Client(recorder, f"{seed}-{number}", random.Random(f"{seed} {number}")) for number in range(CLIENTS)]
    forgetting = asyncio.create_task(forget(store, audit))
    await asyncio.gather(*(go_on(client, steps) for client in clients))
    forgetting.cancel()
    await store.range("")  # reads must go on, whatever became of the writes
    await store.aclose()
    print("done", sum(client.acknowledged for client in clients), sum(client.unknown for client in clients), flush=True)


async def go_on(client: Client, steps: int) -> None:
    while not steps or client.acknowledged + client.unknown < steps:
        unknown = client.unknown
        await client.step()
        if client.unknown > unknown:
            await asyncio.sleep(0.1)  # as who is told that the disk is full


async def forget(store: Store, audit: Watcher) -> None:
    """What the watch of everything has been given, now and then, a little behind it."""
    while True:
        await asyncio.sleep(0.05)
        with suppress(Unavailable, Compacted):
            await store.compact(max(audit.after - 100, 1))


if __name__ == "__main__":
    print("opening", flush=True)
    try:
        asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])))
    except WherryError as error:
        sys.exit(f"refused: {error}")
