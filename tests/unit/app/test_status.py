"""What is found of an instance in /proc."""

import json
import os
import subprocess
import sys
from pathlib import Path

from wherry.app import lock, status
from wherry.engine.instance import Instance


def test_an_instance_that_never_was(tmp_path: Path) -> None:
    report = status.report(Instance.at(tmp_path / "none"))
    assert not report.up
    assert report.processes == ()


def test_whoever_holds_the_lock_is_the_supervisor(tmp_path: Path) -> None:
    instance = Instance.at(tmp_path)
    held = lock.take(instance)
    os.pwrite(held, str(os.getpid()).encode(), 0)
    try:
        report = status.report(instance)
    finally:
        os.close(held)
    assert report.up
    assert [(process.role, process.pid) for process in report.processes] == [("supervisor", os.getpid())]
    assert report.processes[0].pss_bytes > 1_000_000


def test_a_task_that_ended_or_is_another_process_has_no_shim(tmp_path: Path) -> None:
    instance = Instance.at(tmp_path)
    for name, content in (("a", {"pid": 2**30}), ("b", {"pid": os.getpid()}), ("c", {})):
        directory = instance.containers / name
        directory.mkdir(parents=True)
        (directory / "task.json").write_text(json.dumps(content))
    assert status.report(instance).processes == ()


def test_whose_words_only_contain_a_nodes_is_none(tmp_path: Path) -> None:
    """A supervisor that has not written down its pid yet."""
    instance = Instance.at(tmp_path)
    words = ["-c", "input()", "-m", "wherry.app.node", f"--root={instance.root}"]
    with subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE) as other:
        report = status.report(instance)
        other.kill()
    assert report.processes == ()


def test_processes_may_have_names_of_any_bytes(tmp_path: Path) -> None:
    """A container's may give itself any: all of the machine are looked at."""
    rename = "open('/proc/self/comm', 'wb').write(b'a) \\xff'); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", rename], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert status.report(Instance.at(tmp_path)).processes == ()
        assert lock.alive(other.pid)
        other.kill()


def test_json_has_the_total(tmp_path: Path) -> None:
    process = status.Process("node", 1, 1000, "2024-01-01T00:00:00Z")
    report = status.Report("/r", "/r/run/docker.sock", True, (process, process))
    document = json.loads(status.to_json(report))
    assert document["pss_bytes"] == 2000
    assert document["processes"][0]["role"] == "node"
