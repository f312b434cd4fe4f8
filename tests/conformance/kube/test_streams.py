"""Streams of real pods by real clients: commands, terminals, logs, files, ports; what is left when a client goes."""

import contextlib
import hashlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import wherry
from tests.conformance.kube.terminal import Terminal
from tests.conformance.kube.whole import IMAGE, SOON, Commands, bootstrap, nothing_left
from tests.ports import quiet_port
from tests.unit.kube.kubectl import kubectls
from wherry.engine.instance import Instance

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not kubectls(), reason="there is no kubectl"),
]
POD = """
apiVersion: v1
kind: Pod
metadata: {name: talk, labels: {app: talk}}
spec:
  terminationGracePeriodSeconds: 1
  initContainers:
    - {name: first, image: demo:1, command: [sh, -c, 'echo from first']}
  containers:
    - name: main
      image: demo:1
      command: [sh, -c, 'mkdir /tmp/w; head -c 20000000 /dev/urandom > /tmp/w/big; echo page > /tmp/w/index.html;
        echo out; echo err >&2; exec httpd -f -p 8080 -h /tmp/w']
    - {name: echo, image: demo:1, command: [nc, -ll, -p, '9000', -e, cat]}
    - {name: shell, image: demo:1, command: [sh], stdin: true, tty: true}
---
apiVersion: v1
kind: Pod
metadata: {name: again}
spec: {containers: [{name: crash, image: demo:1, command: [sh, -c, 'echo attempt; exit 3']}]}
"""
VERSIONS = pytest.mark.parametrize("version", sorted(kubectls()), ids=lambda version: f"{version[0]}.{version[1]}")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wherry.Cluster]:
    """With the pods above. The first of them is ready: kr8s waits for that before it runs a command."""
    with wherry.Cluster(settings=SOON) as made:
        root = made.root
        bootstrap(made)
        kubectl = Commands(made, tmp_path_factory.mktemp("home"))
        kubectl.until(" Ready", "get", "nodes")
        kubectl.until("default", "get", "serviceaccounts")
        kubectl("apply", "-f", "-", stdin=POD)
        kubectl.until("err", "logs", "talk", "-c", "main")
        yield made
    nothing_left(Instance.at(root))


@pytest.fixture
def kubectl(cluster: wherry.Cluster, tmp_path: Path) -> Commands:
    return Commands(cluster, tmp_path)


def until(holds: Callable[[], object], what: str, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


def processes(kubectl: Commands, word: str) -> int:
    """How many processes of the container have the word in their command."""
    said = kubectl("exec", "talk", "-c", "main", "--", "ps")
    return sum(word in line for line in said.splitlines())


@VERSIONS
def test_a_shell_on_a_terminal(cluster: wherry.Cluster, tmp_path: Path, version: tuple[int, int]) -> None:
    kubectl = Commands(cluster, tmp_path, version)
    terminal = Terminal(kubectl, "exec", "-it", "talk", "-c", "main", "--", "sh", size=(31, 97))
    terminal.until("[#$] ")
    terminal.say("stty size\n")
    terminal.until("31 97")
    terminal.resize(40, 120)
    os.kill(terminal.process.pid, signal.SIGWINCH)

    def is_resized() -> bool:
        terminal.say("stty size\n")
        return "40 120" in terminal.until(r"\d+ \d+\s+\S* ?[#$] ")

    until(is_resized, "the size has come there")
    terminal.say("sleep 1001\n")
    until(lambda: processes(kubectl, "sleep 1001"), "it sleeps")
    terminal.say("\x03")
    terminal.until(r"\^C\s+\S* ?[#$] ")
    terminal.say("exit 5\n")
    assert terminal.close() == 5


@VERSIONS
def test_much_goes_in_and_out(cluster: wherry.Cluster, tmp_path: Path, version: tuple[int, int]) -> None:
    kubectl = Commands(cluster, tmp_path, version)
    source = tmp_path / "source"
    source.write_bytes(os.urandom(20_000_000))
    wanted = hashlib.sha256(source.read_bytes()).hexdigest()
    with source.open("rb") as file:
        done = subprocess.run(
            [kubectl.program, "exec", "-i", "talk", "-c", "main", "--", "sh", "-c", "sha256sum; echo done >&2; exit 4"],
            stdin=file, capture_output=True, env=kubectl.environment, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 4 and done.stdout.split()[0].decode() == wanted and b"done\n" in done.stderr
    out = subprocess.run(
        [kubectl.program, "exec", "talk", "-c", "main", "--", "cat", "/tmp/w/big"],
        capture_output=True, env=kubectl.environment, timeout=120, check=True,
    ).stdout  # fmt: skip
    said = kubectl("exec", "talk", "-c", "main", "--", "sha256sum", "/tmp/w/big")
    assert hashlib.sha256(out).hexdigest() == said.split()[0]
    kubectl("cp", "-c", "main", str(source), f"talk:/tmp/carried-{version[1]}")
    kubectl("cp", "-c", "main", f"talk:/tmp/carried-{version[1]}", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    kubectl("exec", "talk", "-c", "main", "--", "rm", f"/tmp/carried-{version[1]}")


@VERSIONS
def test_the_protocol_is_the_newest_that_kubectl_knows(
    cluster: wherry.Cluster, tmp_path: Path, version: tuple[int, int]
) -> None:
    done = Commands(cluster, tmp_path, version).run("-v=7", "exec", "talk", "-c", "main", "--", "true")
    asked = [line for line in done.stderr.splitlines() if "/pods/talk/exec" in line]
    assert done.returncode == 0 and len(asked) == 1, done.stderr
    assert ("GET" in asked[0]) is (version >= (1, 30)), asked


@VERSIONS
def test_logs(cluster: wherry.Cluster, tmp_path: Path, version: tuple[int, int]) -> None:
    kubectl = Commands(cluster, tmp_path, version)
    assert kubectl("logs", "talk", "-c", "main") == "out\nerr\n"
    assert kubectl("logs", "talk", "-c", "main", "--tail=1") == "err\n"
    assert kubectl("logs", "talk", "-c", "main", "--limit-bytes=5") == "out\ne"
    assert kubectl("logs", "talk", "-c", "main", "--since=1h") == "out\nerr\n"
    stamped = kubectl("logs", "talk", "-c", "main", "--timestamps").splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z out", stamped[0])
    assert kubectl("logs", "talk", "-c", "first") == "from first\n"
    kubectl.until("attempt", "logs", "again", "-c", "crash", "--previous")
    assert "[pod/talk/main] out" in kubectl("logs", "-l", "app=talk", "--all-containers", "--prefix")
    said = kubectl.run("logs", "talk", "-c", "main", "--previous").stderr
    assert 'previous terminated container "main" in pod "talk" not found' in said
    said = kubectl.run("logs", "talk", "-c", "nothing").stderr
    assert "container nothing is not valid for pod talk" in said


def test_a_log_is_followed_to_its_end(kubectl: Commands) -> None:
    script = "for i in 1 2 3; do echo $i; sleep 0.5; done"
    kubectl("run", "count", f"--image={IMAGE}", "--restart=Never", "--", "sh", "-c", script)
    kubectl.until("Running|Completed", "get", "pod", "count")
    assert kubectl("logs", "-f", "count") == "1\n2\n3\n"
    kubectl("delete", "pod", "count", "--now")


def test_what_waits_says_why_in_upstreams_words(kubectl: Commands) -> None:
    kubectl("run", "waits", "--image=127.0.0.1:1/none:1")
    kubectl.until("ErrImagePull|ImagePullBackOff", "get", "pod", "waits")
    said = kubectl.run("logs", "waits").stderr
    why = r'container "waits" in pod "waits" is waiting to start: (image can\'t be|trying and failing to) pull'
    assert re.search(why, said), said
    assert "container not found" in kubectl.run("exec", "waits", "--", "true").stderr
    kubectl("delete", "pod", "waits", "--now")


@VERSIONS
def test_attaching_to_a_terminal(cluster: wherry.Cluster, tmp_path: Path, version: tuple[int, int]) -> None:
    kubectl = Commands(cluster, tmp_path, version)
    terminal = Terminal(kubectl, "attach", "-it", "talk", "-c", "shell")
    terminal.say(f"echo in $((40+2)) {version[1]}\n")
    terminal.until(f"in 42 {version[1]}")
    terminal.process.send_signal(signal.SIGTERM)
    terminal.close()
    found = kubectl("get", "pod", "talk", "-o", "jsonpath={.status.containerStatuses[?(@.name=='shell')].ready}")
    assert found == "true"  # the container goes on


def test_run_attaches_and_gives_the_code(kubectl: Commands) -> None:
    arguments = ["run", "once", "-i", "--rm", f"--image={IMAGE}", "--restart=Never", "--", "sh", "-c", "cat; exit 6"]
    done = kubectl.run(*arguments, stdin="hello\n")
    assert done.returncode == 6 and "hello\n" in done.stdout, done


class Forwarding:
    """A port-forward that runs; ``ports``: here, by the pod's."""

    def __init__(self, kubectl: Commands, *ports: str) -> None:
        self.process = subprocess.Popen(
            [kubectl.program, "port-forward", "pod/talk", *ports], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=kubectl.environment,
        )  # fmt: skip
        self.ports: dict[int, int] = {}
        assert self.process.stdout is not None
        while len(self.ports) < len(ports):
            line = self.process.stdout.readline()
            assert line, self.process.wait()
            if found := re.match(r"Forwarding from 127\.0\.0\.1:(\d+) -> (\d+)", line):
                self.ports[int(found[2])] = int(found[1])

    def __enter__(self) -> "Forwarding":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.communicate(timeout=120)

    def connect(self, port: int) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.ports[port]), timeout=120)


def received(sock: socket.socket) -> bytes:
    found = b""
    while data := sock.recv(1 << 20):
        found += data
    return found


@VERSIONS
def test_ports(cluster: wherry.Cluster, tmp_path: Path, version: tuple[int, int]) -> None:
    kubectl = Commands(cluster, tmp_path, version)
    wanted = kubectl("exec", "talk", "-c", "main", "--", "sha256sum", "/tmp/w/big").split()[0]
    answers: list[bytes] = []

    with Forwarding(kubectl, ":8080", ":9000") as forwarding:

        def fetch() -> None:
            with forwarding.connect(8080) as sock:
                sock.sendall(b"GET /big HTTP/1.0\r\n\r\n")
                answers.append(received(sock).partition(b"\r\n\r\n")[2])

        threads = [threading.Thread(target=fetch) for _ in range(4)]
        for thread in threads:
            thread.start()
        with forwarding.connect(9000) as sock:
            content = os.urandom(3_000_000)
            sender = threading.Thread(target=lambda: (sock.sendall(content), sock.shutdown(socket.SHUT_WR)))
            sender.start()
            assert received(sock) == content
            sender.join()
        for thread in threads:
            thread.join()
    assert [hashlib.sha256(each).hexdigest() for each in answers] == [wanted] * 4


def test_a_port_where_nobody_is(kubectl: Commands) -> None:
    with Forwarding(kubectl, ":1") as forwarding, forwarding.connect(1) as sock:
        sock.sendall(b"x")
        assert received(sock) == b""
        assert forwarding.process.stdout is not None
        said = "".join(iter(forwarding.process.stdout.readline, ""))
    assert "error forwarding port 1 to pod talk" in said


def sleeper(kubectl: Commands, word: str) -> "subprocess.Popen[bytes]":
    """A command that reads nothing."""
    client = subprocess.Popen(
        [kubectl.program, "exec", "-i", "talk", "-c", "main", "--", "sleep", word],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=kubectl.environment,
    )  # fmt: skip
    until(lambda: processes(kubectl, f"sleep {word}"), "the command runs")
    return client


@VERSIONS
def test_when_the_client_is_killed_the_command_ends(
    cluster: wherry.Cluster, tmp_path: Path, version: tuple[int, int]
) -> None:
    kubectl = Commands(cluster, tmp_path, version)
    word = f"{7000 + version[1]}"
    client = sleeper(kubectl, word)
    client.kill()
    client.communicate()
    until(lambda: not processes(kubectl, f"sleep {word}"), "the command has ended")


def test_and_so_it_does_when_there_was_still_much_to_read(cluster: wherry.Cluster, tmp_path: Path) -> None:
    """By SPDY and by a WebSocket, side by side: somebody who does not read is waited for, half a minute long."""
    versions = [version for version in ((1, 28), (1, 33)) if version in kubectls()]
    if not versions:
        pytest.skip("there are no such kubectls")
    by_word = {f"{8000 + version[1]}": Commands(cluster, tmp_path, version) for version in versions}
    clients = [sleeper(kubectl, word) for word, kubectl in by_word.items()]
    for client in clients:
        assert client.stdin is not None
        os.set_blocking(client.stdin.fileno(), False)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):
                os.write(client.stdin.fileno(), bytes(65536))
            time.sleep(0.01)
        client.kill()
        client.wait()
        client.stdin.close()
    for word, kubectl in by_word.items():
        until(lambda word=word, kubectl=kubectl: not processes(kubectl, f"sleep {word}"), "the command has ended")


def test_a_client_that_does_not_read_costs_no_memory(cluster: wherry.Cluster, kubectl: Commands) -> None:
    def resident_kb() -> int:
        found = subprocess.run(["ps", "-wweo", "rss,args"], capture_output=True, text=True, check=True).stdout
        mine = [line for line in found.splitlines() if f"--root={cluster.root}" in line]
        assert mine
        return sum(int(line.split()[0]) for line in mine)

    before = resident_kb()
    command = [kubectl.program, "exec", "talk", "-c", "main", "--", "dd", "if=/dev/zero", "bs=1048576", "count=4096"]
    clients = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=kubectl.environment)
        for _ in range(4)
    ]
    time.sleep(5)
    grown = resident_kb() - before
    for client in clients:
        assert client.poll() is None
        client.kill()
        client.communicate()
    assert grown < 64 << 10, f"{grown} KB"


def test_the_official_python_client(cluster: wherry.Cluster) -> None:
    pytest.importorskip("kubernetes")
    from kubernetes import client, config
    from kubernetes.stream import portforward, stream

    api = client.CoreV1Api(config.new_client_from_config(cluster.environment["KUBECONFIG"]))
    command = ["sh", "-c", "read x; echo got $x; echo err >&2; exit 3"]
    found = stream(
        api.connect_get_namespaced_pod_exec, "talk", "default", container="main", command=command, stdin=True,
        stdout=True, stderr=True, tty=False, _preload_content=False,
    )  # fmt: skip
    found.write_stdin("this\n")
    found.run_forever(timeout=120)
    assert (found.read_stdout(), found.read_stderr(), found.returncode) == ("got this\n", "err\n", 3)
    said = stream(
        api.connect_get_namespaced_pod_exec, "talk", "default", container="main", command=["cat", "/tmp/w/index.html"],
        stdin=False, stdout=True, stderr=True, tty=False,
    )  # fmt: skip
    assert said == "page\n"
    ports = portforward(api.connect_get_namespaced_pod_portforward, "talk", "default", ports="8080")
    sock = ports.socket(8080)
    sock.setblocking(True)
    sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
    assert received(sock).endswith(b"page\n")
    assert ports.error(8080) is None
    assert api.read_namespaced_pod_log("talk", "default", container="main", tail_lines=1) == "err\n"


def test_kr8s(cluster: wherry.Cluster) -> None:
    kr8s = pytest.importorskip("kr8s")
    pytest.importorskip("httpx_ws")
    from kr8s.objects import Pod

    pod = Pod.get("talk", namespace="default", api=kr8s.api(kubeconfig=cluster.environment["KUBECONFIG"]))
    done = pod.exec(["sh", "-c", "echo hi; exit 2"], container="main", check=False)
    assert (done.stdout, done.returncode) == (b"hi\n", 2)
    assert list(pod.logs(container="main", tail_lines=1)) == ["err"]
    forwarded = pod.portforward(8080, local_port=quiet_port())
    with forwarded as port, socket.create_connection(("127.0.0.1", port), timeout=120) as sock:
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert received(sock).endswith(b"page\n")
