"""Beginning: in a process of its own, as it changes the collector, the log and descriptors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wherry.app.daemon import HOPELESS

BEGIN = """
import argparse, asyncio, gc, json, logging, os, sys
from wherry.app.daemon import begin
from wherry.kit.errors import Unavailable
lock = int(sys.argv[2])
found = begin(argparse.Namespace(root=sys.argv[1], log_level=sys.argv[3], lock_fd=lock, lifeline_fd=None),
              ("root", "log_level"))
logging.getLogger("wherry").debug("said")
async def trouble():
    for _ in range(3):
        logging.getLogger("wherry").warning("%s", Unavailable("the disk is full"))
asyncio.run(trouble())
print(json.dumps([found and str(found.instance.root), os.get_inheritable(lock), gc.get_threshold()[0]]))
"""


@pytest.fixture
def lock(tmp_path: Path) -> int:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    yield descriptor  # type: ignore[misc]
    os.close(descriptor)


def begun(root: Path, lock: int, level: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BEGIN, str(root), str(lock), level]
    return subprocess.run(command, capture_output=True, text=True, check=True, pass_fds=[lock])


def test_a_daemon_has_its_settings_its_log_and_its_lock_to_itself(tmp_path: Path, lock: int) -> None:
    done = begun(tmp_path, lock, "debug")
    root, inheritable, threshold = json.loads(done.stdout)
    assert (root, inheritable) == (str(tmp_path), False)
    assert threshold > 1000, "nothing is collected while it loads"
    assert "DEBUG wherry: said" in done.stderr
    assert done.stderr.count("the disk is full") == 3


def test_a_trouble_is_a_line(tmp_path: Path, lock: int) -> None:
    assert begun(tmp_path, lock, "info").stderr.count("the disk is full") == 1


def test_wrong_settings_are_named(tmp_path: Path, lock: int) -> None:
    done = begun(tmp_path, lock, "loud")
    assert json.loads(done.stdout)[0] is None
    assert "wherry:" in done.stderr and "loud" in done.stderr
    assert HOPELESS == 78, "sysexits.h, EX_CONFIG: as the supervisor has it"
