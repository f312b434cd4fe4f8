"""The commands a first user types, as they stand."""

import os
import signal
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conformance.cli import PROMPT, Docker
from tests.kernel.rig import Rig, wait_until


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())


def answers(url: str) -> bool:
    try:
        get(url)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def test_import_prints_the_image_s_id(docker: Docker, tmp_path: Path) -> None:
    assert docker.import_demo(tmp_path / "again").startswith("sha256:")


def test_run_echo(docker: Docker) -> None:
    assert docker.out("run", "--rm", "demo:1", "echo", "hello") == "hello"
    assert docker.out("ps", "-aq") == ""


def test_run_a_web_server_and_work_with_it(docker: Docker, port: int) -> None:
    docker.shell(
        f"docker run -d --name web -p {port}:80 -m 64m --cpus 0.5 --pids-limit 50 -v data:/data demo:1 httpd -f -p 80"
    )
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/"), 120, "the web server")
    assert docker.out("port", "web", "80").splitlines()[0] == f"0.0.0.0:{port}"
    with docker.terminal("exec", "-it", "web", "sh", rows=40, columns=132) as terminal:
        terminal.expect(PROMPT)
        terminal.until_sized("40 132")
        terminal.resize(50, 100)
        terminal.until_sized("50 100")
        terminal.type("exit 3\r")
        assert terminal.wait() == 3
    limits = docker.out(
        "inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}", "web"
    )
    assert limits == "67108864 500000000 50"
    assert docker.out("volume", "ls", "-q") == "data"


def test_logs_follow(docker: Docker) -> None:
    docker(
        "run", "-d", "--name", "talker", "demo:1", "sh", "-c", "echo one; sleep 1; echo two; sleep 1; echo three >&2"
    )
    with docker.start("logs", "-f", "talker") as logs:
        assert logs.wait() == 0
        assert logs.output == "one\ntwo\nthree\n"


def test_a_restricted_user(docker: Docker) -> None:
    shown = docker.out("run", "--rm", "--read-only", "--user", "1000", "--cap-drop", "ALL", "demo:1", "id")
    assert shown.startswith("uid=1000(bob) gid=1000(bob)")


def test_a_hundred_megabytes_through_stdin(docker: Docker, tmp_path: Path) -> None:
    data = tmp_path / "data"
    subprocess.run(["dd", "if=/dev/urandom", f"of={data}", "bs=1M", "count=100"], check=True, capture_output=True)
    wanted = subprocess.run(["sha256sum", str(data)], check=True, capture_output=True, text=True).stdout.split()[0]
    assert docker.shell(f"cat {data} | docker run -i --rm demo:1 sha256sum").stdout == f"{wanted}  -\n"


def test_a_memory_hog_hurts_only_itself(docker: Docker) -> None:
    docker("run", "-d", "--name", "neighbour", "demo:1", "sleep", "100")
    hog = docker(
        "run",
        "--name",
        "hog",
        "-m",
        "32m",
        "demo:1",
        "sh",
        "-c",
        "dd if=/dev/zero of=/dev/null bs=200M count=1",
        check=False,
    )
    assert hog.returncode in (137, 1)
    assert docker.out("inspect", "-f", "{{.State.OOMKilled}}", "hog") == "true"
    assert docker.out("exec", "neighbour", "echo", "well") == "well"


def test_a_fork_bomb_hurts_only_itself(docker: Docker) -> None:
    bomb = docker.out("run", "-d", "--pids-limit", "32", "demo:1", "sh", "-c", "f() { f | f & f; }; f")
    time.sleep(1)
    assert docker.out("run", "--rm", "demo:1", "echo", "well") == "well"
    docker("rm", "-f", bomb)


def test_root_is_nobody_on_the_host(docker: Docker, tmp_path: Path) -> None:
    docker("run", "-d", "--name", "root", "-v", f"{tmp_path}:/given", "demo:1", "sleep", "100")
    pid = docker.out("inspect", "-f", "{{.State.Pid}}", "root")
    owner = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Uid:"))
    assert int(owner.split()[1]) >= 100000


@pytest.mark.timeout(180)
def test_containers_survive_the_end_of_daemon_and_spawner(docker: Docker, rig: Rig, port: int) -> None:
    docker("run", "-d", "--name", "web", "-p", f"{port}:80", "demo:1", "httpd", "-f", "-p", "80")
    docker("run", "-d", "--name", "clock", "demo:1", "sh", "-c", "while :; do echo tick; sleep 0.2; done")
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/"), 120, "the web server")
    pid = docker.out("inspect", "-f", "{{.State.Pid}}", "web")
    with docker.start("attach", "--no-stdin", "clock") as attached:
        attached.expect("tick")
        for role in ("supervisor", "spawner", "node"):
            victim = rig.pid(role)
            if victim:
                with suppress(ProcessLookupError):  # it has followed the supervisor
                    os.kill(victim, signal.SIGKILL)
        assert answers(f"http://127.0.0.1:{port}/")
        rig.up()
        assert answers(f"http://127.0.0.1:{port}/")
        assert docker.out("inspect", "-f", "{{.State.Pid}} {{.State.Running}}", "web") == f"{pid} true"
        assert "web" in docker.out("ps", "--format", "{{.Names}}").splitlines()
        before = attached.output.count("tick")
        attached.expect(f"(tick\\r?\\n){{{before + 3},}}")
    assert docker.out("exec", "web", "echo", "again") == "again"
    docker("stop", "-t", "1", "web")
    assert not answers(f"http://127.0.0.1:{port}/")
