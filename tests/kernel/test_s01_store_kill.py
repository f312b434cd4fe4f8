"""S01: a process that writes is killed again and again; nothing acknowledged is lost, no revision given twice."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.kernel.storeprocess import Chronicle, popen, started
from wherry.store.history import Ended

ROUNDS = int(os.environ.get("WHERRY_KILL_ROUNDS", "40"))
SEED = int(os.environ.get("S01_SEED", "1"))
ENOUGH_BYTES = 200_000


@pytest.mark.timeout(300 + 15 * ROUNDS)
async def test_s01_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    chronicle = Chronicle()
    for number in range(ROUNDS):
        journal = tmp_path / "journal"
        process = popen(started(tmp_path / "state", journal, SEED * 10_000 + number, chronicle.seen))
        assert process.stdout is not None
        with process:
            assert process.stdout.readline() == "opening\n"
            if chance.random() < 0.8:
                line = process.stdout.readline()
                assert line == "open\n", line + process.stdout.read()
                wanted = chance.uniform(0, ENOUGH_BYTES)
                while journal.stat().st_size < wanted and process.poll() is None:
                    time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.05))  # the moment of the kill is what is tested
            process.send_signal(signal.SIGKILL)
            said = process.stdout.read()
        assert "refused" not in said, said
        assert "Traceback" not in said, said
        chronicle.add(journal)
    assert await chronicle.judge(tmp_path / "state") == []
    acknowledged = sum(isinstance(entry, Ended) and isinstance(entry.outcome, int) for entry in chronicle.entries)
    assert acknowledged > 50 * ROUNDS, "the rounds were too short to show much"
