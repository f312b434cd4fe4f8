"""Making files as somebody else, in one thread."""

import os
import threading
from pathlib import Path

from wherry.linux.identity import become, make_files_as

NUMBER = 123_456


def in_a_thread(work: object) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            assert callable(work)
            work()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def capabilities() -> int:
    status = Path("/proc/thread-self/status").read_text()
    return int(status.split("CapEff:")[1].split()[0], 16)


def test_what_a_thread_makes_is_somebody_elses_and_nothing_else_changes(tmp_path: Path) -> None:
    before = capabilities()

    def work() -> None:
        make_files_as(NUMBER)
        (tmp_path / "theirs").mkdir()
        os.mkfifo(tmp_path / "theirs" / "pipe")
        os.chown(tmp_path / "theirs", 7, 7)  # we may still do what root may
        (tmp_path / "theirs" / "file").touch()
        assert capabilities() == before
        assert os.geteuid() == 0

    in_a_thread(work)
    (tmp_path / "ours").touch()
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in tmp_path.rglob("*")}
    assert owners == {"theirs": (7, 7), "pipe": (NUMBER, NUMBER), "file": (NUMBER, NUMBER), "ours": (0, 0)}
    assert capabilities() == before


def test_a_thread_is_somebody_else_and_the_others_are_not() -> None:
    def work() -> None:
        become(NUMBER)
        status = Path("/proc/thread-self/status").read_text()
        assert status.split("Uid:")[1].split()[:4] == [str(NUMBER)] * 4
        assert status.split("Gid:")[1].split()[:4] == [str(NUMBER)] * 4
        assert capabilities() == 0

    in_a_thread(work)
    assert os.geteuid() == 0
    assert Path("/proc/self/status").read_text().split("Uid:")[1].split()[1] == "0"
