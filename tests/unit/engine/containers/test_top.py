"""``docker top``."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from wherry.engine.containers.top import parse, processes
from wherry.kit.errors import Invalid

TEXT = """UID          PID    PPID  C STIME TTY          TIME CMD
root           1       0  0 09:00 ?        00:00:01 /sbin/init splash
100000      4242       1  0 10:00 ?        00:00:00 sh -c sleep 100; echo  done
100000      4243    4242  0 10:00 ?        00:00:00 sleep 100
"""


def test_only_the_container_s_processes_are_shown() -> None:
    found = parse(TEXT, {4242, 4243})
    assert found["Titles"] == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    assert [fields[1] for fields in found["Processes"]] == ["4242", "4243"]
    assert found["Processes"][0][-1] == "sh -c sleep 100; echo  done"


def test_without_their_numbers_they_cannot_be_told_from_others() -> None:
    with pytest.raises(Invalid, match="Couldn't find PID field in ps output"):
        parse("COMMAND\nsh\n", {1})
    with pytest.raises(Invalid, match="Couldn't find PID"):
        parse("", {1})


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """The number of a process that has no terminal."""
    with subprocess.Popen(["sleep", "100"], stdin=subprocess.DEVNULL, start_new_session=True) as process:
        yield process.pid
        process.kill()


@pytest.mark.parametrize("arguments", ["", "-o pid,comm", "-eo pid,args", "o pid", "aux", "-ef"])
async def test_columns_may_be_chosen_without_choosing_processes(elsewhere: int, arguments: str) -> None:
    found = await processes({elsewhere}, arguments)
    column = found["Titles"].index("PID")
    assert [fields[column] for fields in found["Processes"]] == [str(elsewhere)]


async def test_of_a_refusal_the_first_line_is_told() -> None:
    with pytest.raises(Invalid) as refusal:
        await processes({os.getpid()}, "bogus")
    assert refusal.value.message == "ps: error: unsupported option (BSD syntax)"


async def test_of_no_processes_there_are_none() -> None:
    assert (await processes((), "-ef"))["Processes"] == []
