"""Terminals and streams: attach, exec, detach keys, sizes, and a lot of data."""

import hashlib
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.conformance.cli import PROMPT, Docker
from tests.kernel.rig import wait_until


def test_an_interactive_shell(docker: Docker) -> None:
    with docker.terminal("run", "-it", "--rm", "demo:1", "sh", rows=30, columns=100) as terminal:
        terminal.expect(PROMPT)
        terminal.until_sized("30 100")
        terminal.type("tty\r")
        terminal.expect("/dev/(console|pts/0)")
        terminal.type("exit 7\r")
        assert terminal.wait() == 7


def test_ctrl_c_reaches_the_process(docker: Docker) -> None:
    with docker.terminal(
        "run",
        "-it",
        "--rm",
        "demo:1",
        "sh",
        "-c",
        "trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.1; done",
    ) as terminal:
        terminal.expect("ready")
        terminal.type("\x03")
        terminal.expect("caught")
        assert terminal.wait() == 5


def test_detach_and_attach_again(docker: Docker) -> None:
    with docker.terminal("run", "-it", "--name", "kept", "demo:1", "sh") as terminal:
        terminal.expect(PROMPT)
        terminal.type("X=remembered\r")
        terminal.expect(PROMPT)
        terminal.type("\x10\x11")
        assert terminal.wait() == 0
    assert docker.out("inspect", "-f", "{{.State.Running}}", "kept") == "true"
    with docker.terminal("attach", "kept") as terminal:
        terminal.type("echo $X\r")
        terminal.expect("^remembered")
        terminal.type("exit\r")
        assert terminal.wait() == 0


def test_detach_keys_of_one_s_own(docker: Docker) -> None:
    docker("run", "-dit", "--name", "kept", "demo:1", "sh")
    with docker.terminal("attach", "--detach-keys", "ctrl-a,x", "kept") as terminal:
        terminal.type("echo $((6*7))\r")
        terminal.expect("42")
        terminal.type("\x01x")
        terminal.wait()
    assert docker.out("inspect", "-f", "{{.State.Running}}", "kept") == "true"


def test_start_attached(docker: Docker) -> None:
    docker("create", "--name", "later", "-i", "demo:1", "cat")
    with docker.start("start", "-ai", "later") as process:
        process.send("through\n")
        process.expect("through")
        process.end_input()
        assert process.wait() == 0


def test_attach_to_a_running_container(docker: Docker) -> None:
    docker("run", "-di", "--name", "cat", "demo:1", "cat")
    with docker.start("attach", "cat") as process:
        process.send("to and fro\n")
        process.expect("to and fro")
        process.end_input()  # closes the stream; the command then waits for the container to end
        docker("kill", "-s", "KILL", "cat")
        assert process.wait() == 137
    assert "to and fro" in docker.out("logs", "cat")


def test_an_attached_client_at_its_end_leaves_the_input_to_others(docker: Docker) -> None:
    docker("run", "-di", "--name", "cat", "demo:1", "cat")
    for word in ("one", "two"):
        with docker.start("attach", "cat") as process:
            process.send(f"{word}\n")
            process.expect(word)
            process.end_input()
    assert docker.out("inspect", "-f", "{{.State.Running}}", "cat") == "true"


def test_standard_error_is_kept_apart(docker: Docker) -> None:
    done = docker("run", "--rm", "demo:1", "sh", "-c", "echo out; echo err >&2")
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


def test_exec_streams_and_status(docker: Docker) -> None:
    docker("run", "-d", "--name", "box", "demo:1", "sleep", "1000")
    done = docker("exec", "box", "sh", "-c", "echo out; echo err >&2; exit 9", check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 9)
    assert docker("exec", "-i", "box", "cat", stdin="given\n").stdout == "given\n"
    assert (
        docker.out("exec", "-e", "A=b", "-w", "/tmp", "-u", "bob", "box", "sh", "-c", "echo $A; pwd; id -u")
        == "b\n/tmp\n1000"
    )
    docker("exec", "-d", "box", "touch", "/tmp/detached")
    wait_until(lambda: docker("exec", "box", "test", "-e", "/tmp/detached", check=False).returncode == 0, 120)


def test_exec_in_a_terminal_without_one(docker: Docker) -> None:
    docker("run", "-d", "--name", "box", "demo:1", "sleep", "1000")
    with docker.terminal("exec", "-it", "--detach-keys", "ctrl-x", "box", "sh") as terminal:
        terminal.expect(PROMPT)
        terminal.type("\x18")
        terminal.wait()
    refused = docker("exec", "-it", "box", "sh", check=False)
    assert "the input device is not a TTY" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("run", "--rm", "demo:1", "sh", "-c", "exit 42"), 42, ""),
        (("run", "--rm", "demo:1", "no-such-program"), 127, "executable file not found"),
        (("run", "--rm", "demo:1", "/no/such/program"), 127, "no such file or directory"),
        (("run", "--rm", "demo:1", "/etc/passwd"), 126, "permission denied"),
        (("run", "--rm", "demo:1", "/etc"), 126, ""),
        (("run", "--rm", "-u", "nobody-here", "demo:1", "true"), 125, "unable to find user nobody-here"),
        (("run", "--rm", "--memory", "1", "demo:1", "true"), 125, "Minimum memory limit allowed is 6MB"),
        (("run", "--rm", "absent:1", "true"), 125, "absent:1"),
        (("run", "--rm", "demo:1", "sh", "-c", "sleep 9 & kill -9 $!; wait $!"), 137, ""),
        (("run", "--rm", "--init", "demo:1", "sh", "-c", "kill -9 $$"), 137, ""),
        (("run", "--rm", "--init", "demo:1", "sh", "-c", "kill -15 $$"), 143, ""),
        (("run", "--no-such-flag", "demo:1"), 125, "unknown flag"),
        (("exec", "absent", "true"), 1, "No such container: absent"),
    ],
)
def test_exit_statuses(docker: Docker, arguments, status, says) -> None:
    done = docker(*arguments, check=False)
    assert says in done.stderr
    assert done.returncode == status
    assert docker.out("ps", "-aq") == ""


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        (("no-such-program",), 127, "executable file not found"),
        (("/no/such/program",), 127, "no such file or directory"),
        (("/etc/passwd",), 126, "permission denied"),
    ],
)
def test_exec_exit_statuses(docker: Docker, command, status, says) -> None:
    docker("run", "-d", "--name", "box", "demo:1", "sleep", "1000")
    done = docker("exec", "box", *command, check=False)
    assert says in done.stdout + done.stderr
    assert done.returncode == status


def test_exec_into_what_does_not_run(docker: Docker) -> None:
    docker("create", "--name", "never", "demo:1", "true")
    done = docker("exec", "never", "true", check=False)
    assert done.returncode == 1
    assert "is not running" in done.stderr


def test_much_output_arrives_whole(docker: Docker) -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", "demo:1", "sh", "-c", "yes 0123456789abcde | head -c 50000000"],
        env=docker.environment,
        capture_output=True,
        check=True,
        timeout=100,
    )
    assert len(done.stdout) == 50_000_000
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(b"0123456789abcde\n" * 3_125_000).digest()


def test_exec_takes_much_input(docker: Docker) -> None:
    docker("run", "-d", "--name", "box", "demo:1", "sleep", "1000")
    data = b"0123456789abcde\n" * 1_000_000
    done = subprocess.run(
        ["docker", "exec", "-i", "box", "wc", "-c"], input=data, env=docker.environment, capture_output=True, check=True
    )
    assert done.stdout.strip() == b"16000000"


def test_logs(docker: Docker) -> None:
    docker(
        "run", "--name", "told", "demo:1", "sh", "-c", "for i in 1 2 3 4 5; do echo $i; sleep 0.01; done; echo err >&2"
    )
    assert docker.out("logs", "told") == "1\n2\n3\n4\n5"
    assert docker("logs", "told").stderr == "err\n"
    assert docker.out("logs", "--tail", "2", "told") == "5"
    assert docker("logs", "--tail", "0", "told").stdout == ""
    stamped = docker.out("logs", "-t", "told").splitlines()
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z \d", line) for line in stamped)
    third = stamped[2].split()[0]
    assert docker.out("logs", "--since", third, "told") == "3\n4\n5"
    assert docker.out("logs", "--until", third, "told").splitlines()[-1] in ("2", "3")
    assert docker.out("logs", "--since", "1h", "told") == "1\n2\n3\n4\n5"


def test_logs_of_a_terminal(docker: Docker) -> None:
    docker("run", "-t", "--name", "told", "demo:1", "echo", "x")
    assert docker("logs", "told").stdout in ("x\r\n", "x\n")


def test_following_logs_ends_with_the_container(docker: Docker) -> None:
    docker("run", "-d", "--name", "told", "demo:1", "sh", "-c", "for i in 1 2 3 4; do echo $i; sleep 0.3; done")
    with docker.start("logs", "-f", "--tail", "1", "told") as logs:
        assert logs.wait() == 0
        assert logs.output.splitlines()[-1] == "4"


def test_an_attached_client_may_vanish(docker: Docker) -> None:
    docker("run", "-d", "--name", "loud", "demo:1", "sh", "-c", "while :; do echo noise; sleep 0.05; done")
    for _ in range(3):
        with docker.start("attach", "--no-stdin", "--sig-proxy=false", "loud") as attached:
            attached.expect("noise")
    assert docker.out("inspect", "-f", "{{.State.Running}}", "loud") == "true"


def test_resize_before_the_shell_asks(docker: Docker) -> None:
    ask = "until stty size | grep '33 77'; do sleep 0.1; done"
    with docker.terminal("run", "-it", "--rm", "demo:1", "sh", "-c", ask, rows=33, columns=77) as terminal:
        terminal.expect("33 77")
        assert terminal.wait() == 0


def test_input_ends_when_the_client_s_does(docker: Docker) -> None:
    assert docker.out("run", "-i", "--rm", "demo:1", "cat", stdin="all of it") == "all of it"
    assert docker.out("run", "-i", "--rm", "demo:1", "cat", stdin="") == ""


def test_a_client_that_does_not_read(docker: Docker, tmp_path: Path) -> None:
    process = subprocess.Popen(
        ["docker", "run", "--rm", "--name", "flood", "demo:1", "sh", "-c", "yes 0123456789abcde | head -c 20000000"],
        env=docker.environment,
        stdout=subprocess.PIPE,
    )
    wait_until(lambda: docker.out("ps", "--format", "{{.Names}}") == "flood", 120)
    time.sleep(1)  # so long it does not
    assert process.poll() is None
    assert process.stdout is not None
    assert len(process.stdout.read()) == 20_000_000
    assert process.wait() == 0
