"""``docker top``."""

import pytest

from wherry.engine.containers.top import parse
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
