"""Pods on the real kernel: what containers of one share, what they have for themselves, and what survives what."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kernel import census
from tests.kernel.podbench import PodBench, settled
from tests.ports import quiet_port
from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.node.pods.runtime import Dns, Limits, PortMapping, State

_LOOPBACK6 = "00000000000000000000000000000001 01 80 10 80       lo\n"


@pytest.fixture
async def bench() -> AsyncIterator[PodBench]:
    bench = await PodBench().up()
    try:
        yield bench
    finally:
        left = await bench.close()
    assert not left, "left behind:\n" + "\n".join(left)


def namespaces(pid: int) -> dict[str, str]:
    return {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("net", "ipc", "uts", "user", "pid", "mnt")}


async def test_containers_of_a_pod_share_what_belongs_to_the_pod(bench: PodBench) -> None:
    pod = await bench.sandbox(hostname="together")
    one = await bench.container(pod, "sleep", "1000")
    two = await bench.container(pod, "sleep", "1000", name="side")
    other = await bench.container(await bench.sandbox("u2"), "sleep", "1000")
    ours, theirs, foreign = (namespaces(bench.state(each).pid) for each in (one, two, other))
    assert {kind for kind in ours if ours[kind] == theirs[kind]} == {"net", "ipc", "uts", "user"}
    assert not {kind for kind in ours if ours[kind] == foreign[kind]}
    assert await bench.shell(two, "hostname") == "together\n"
    await bench.shell(one, "echo word > /dev/shm/file")
    assert await bench.shell(two, "cat /dev/shm/file") == "word\n"


async def test_a_sandbox_is_no_process_and_stays_when_the_daemon_goes(bench: PodBench) -> None:
    pod = await bench.sandbox()
    before = {kind: os.stat(bench.instance.sandboxes / pod.id / kind).st_ino for kind in ("net", "user")}
    await bench.down()
    await settled(lambda: not list(census.processes(bench.instance)))
    await bench.up()
    assert bench.pods.sandboxes() == [pod]
    container = await bench.container(pod, "sleep", "1000")
    pid = bench.state(container).pid
    assert {kind: os.stat(f"/proc/{pid}/ns/{kind}").st_ino for kind in before} == before
    assert pod.ips[0] in await bench.shell(container, "ip address")


async def test_the_spawners_end_is_nobodys(bench: PodBench) -> None:
    pod = await bench.sandbox()
    spawner = bench.engine.runtime.spawner_pid
    assert spawner is not None
    os.kill(spawner, 9)
    one = await bench.container(pod, "sleep", "1000")
    two = await bench.container(pod, "sleep", "1000", name="side")
    assert namespaces(bench.state(one).pid)["net"] == namespaces(bench.state(two).pid)["net"]


async def test_after_a_reboot_it_is_not_ready_and_another_takes_its_place(bench: PodBench) -> None:
    port = quiet_port()
    pod = await bench.sandbox(ports=(PortMapping(80, port),))
    container = await bench.container(pod, "sleep", "1000")
    await bench.down()
    os.kill(int(Path(f"/proc/{_pid_of(bench, container)}/stat").read_text().rpartition(")")[2].split()[1]), 9)
    os.system(f"umount -l {bench.instance.sandboxes}")
    await bench.up()
    [found] = bench.pods.sandboxes()
    assert (found.id, found.ready, found.ips) == (pod.id, False, ())
    assert bench.state(container).state is State.EXITED
    with pytest.raises(Unavailable, match="not ready"):
        await bench.container(pod, "true", name="late")
    assert not bench.engine.networks.publications(pod.id)
    another = await bench.sandbox(attempt=1, ports=(PortMapping(80, port),))
    assert another.ready and another.id != pod.id
    await bench.pods.remove_sandbox(pod.id)
    assert await bench.output(another, "hostname") == "host-u1\n"


def _pid_of(bench: PodBench, container: str) -> int:
    import json

    return int(json.loads((bench.instance.containers / container / "task.json").read_text())["pid"])


async def test_asked_twice_is_done_once(bench: PodBench) -> None:
    pod = await bench.sandbox()
    assert await bench.sandbox() == pod
    one, two = await asyncio.gather(bench.sandbox("u2"), bench.sandbox("u2"))
    assert one == two
    first = await bench.container(pod, "sleep", "1000")
    assert await bench.container(pod, "sleep", "1000") == first
    for _ in range(2):
        await bench.pods.stop_container(first, 0)
    for _ in range(2):
        await bench.pods.remove_container(first)
        await bench.pods.remove_sandbox(pod.id)
    with pytest.raises(NotFound):
        await bench.pods.start_container(first)


async def test_whoever_starts_a_sandbox_may_be_cancelled(bench: PodBench) -> None:
    task = asyncio.create_task(bench.sandbox())
    await asyncio.sleep(0.002)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await bench.sandbox()).ready
    assert len(bench.pods.sandboxes()) == 1


async def test_what_has_no_row_is_removed_at_the_start(bench: PodBench) -> None:
    pod = await bench.sandbox()
    await bench.sandbox("u2")
    await bench.down()
    import apsw

    connection = apsw.Connection(str(bench.instance.database))
    connection.execute("DELETE FROM sandboxes WHERE id = ?", (pod.id,))
    connection.close()
    await bench.up()
    assert len(bench.pods.sandboxes()) == 1
    assert not (bench.instance.sandboxes / pod.id).exists()
    assert not bench.cgroup("memory", "kubepods/besteffort/podu1").exists()
    assert bench.cgroup("memory", "kubepods/besteffort/podu2").exists()


# Network


async def test_it_is_reached_at_its_address_and_at_ports_of_the_host(bench: PodBench) -> None:
    port = quiet_port()
    pod = await bench.sandbox(ports=(PortMapping(8080, port),))
    script = "nc -ll -p 8080 -e echo hello & exec httpd -f -p 127.0.0.1:9090"
    container = await bench.container(pod, "sh", "-c", script)
    assert await _said((pod.ips[0], 8080)) == b"hello\n"
    assert await _said(("127.0.0.1", port)) == b"hello\n"
    with pytest.raises(OSError):
        await _said((pod.ips[0], 9090), tries=1)
    with socket.socket(fileno=await _connected(bench, pod.id, 9090)) as forwarded:
        forwarded.setblocking(False)
        await asyncio.get_running_loop().sock_sendall(forwarded, b"GET / HTTP/1.0\r\n\r\n")
        assert (await asyncio.get_running_loop().sock_recv(forwarded, 100)).startswith(b"HTTP/1.")
    with pytest.raises(Unavailable, match="failed to connect to localhost:7 inside the pod"):
        await bench.pods.connect(pod.id, 7)
    await bench.pods.stop_container(container, 0)


async def _connected(bench: PodBench, sandbox: str, port: int) -> int:
    """Once somebody listens."""
    for _ in range(6000):
        try:
            return await bench.pods.connect(sandbox, port)
        except Unavailable:
            await asyncio.sleep(0.01)
    raise AssertionError(f"nobody listens at {port}")


async def _said(address: tuple[str, int], tries: int = 6000) -> bytes:
    for attempt in range(tries):
        try:
            reader, writer = await asyncio.open_connection(*address)
        except OSError:
            if attempt == tries - 1:
                raise
            await asyncio.sleep(0.01)
            continue
        try:
            return await reader.read(100)
        finally:
            writer.close()
    raise AssertionError


async def test_a_port_that_is_taken_may_be_free_later(bench: PodBench) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        with pytest.raises(Unavailable, match="address already in use"):
            await bench.sandbox(ports=(PortMapping(80, taken.getsockname()[1]),))
    assert not bench.pods.sandboxes()


async def test_the_files_of_etc_are_the_pods(bench: PodBench) -> None:
    dns = Dns(("10.0.0.10",), ("a.local", "local"), ("ndots:5",))
    pod = await bench.sandbox(hostname="web", domain="sub.default", dns=dns, hosts=("1.2.3.4\tfoo\tbar",))
    text = await bench.output(pod, "cat", "/etc/hostname", "/etc/resolv.conf", "/etc/hosts")
    assert text.startswith("web\nsearch a.local local\nnameserver 10.0.0.10\noptions ndots:5\n# Kubernetes-managed")
    assert f"{pod.ips[0]}\tweb.sub.default\tweb\n" in text
    assert text.endswith("# Entries added by HostAliases.\n1.2.3.4\tfoo\tbar\n")


async def test_n02_there_is_no_second_family_to_leak_by(bench: PodBench) -> None:
    """N02: no address of IPv6, and no router that is believed."""
    pod = await bench.sandbox()
    assert await bench.output(pod, "cat", "/proc/net/if_inet6") in ("", _LOOPBACK6)
    for name, value in (("disable_ipv6", "1"), ("accept_ra", "0")):
        assert await bench.output(pod, "cat", f"/proc/sys/net/ipv6/conf/eth0/{name}") == f"{value}\n"
        container = await bench.container(pod, "sleep", "1000", name=name.replace("_", "-"))
        script = f"echo {1 - int(value)} > /proc/sys/net/ipv6/conf/eth0/{name}"
        assert (await bench.pods.execute(container, ["sh", "-c", script], 60)).exit_code


async def test_k8_files_of_etc_do_not_grow_without_end(bench: PodBench) -> None:
    pod = await bench.sandbox()
    container = await bench.container(pod, "sleep", "1000")
    done = await bench.pods.execute(container, ["dd", "if=/dev/zero", "of=/etc/hosts", "bs=1k", "count=100000"], 60)
    assert done.exit_code != 0 and b"No space left" in done.output
    assert Path(bench.instance.sandboxes / pod.id / "hosts").stat().st_size <= 256 << 10


async def test_kernel_settings_are_the_pods_own(bench: PodBench) -> None:
    pod = await bench.sandbox(sysctls={"net.ipv4.tcp_keepalive_time": "77", "kernel.shmmni": "88"})
    files = (
        "/proc/sys/net/ipv4/tcp_keepalive_time",
        "/proc/sys/kernel/shmmni",
        "/proc/sys/net/ipv4/ip_unprivileged_port_start",
    )
    assert (await bench.output(pod, "cat", *files)).split() == ["77", "88", "0"]
    assert Path(files[0]).read_text().strip() != "77"
    for name in ("kernel.panic", "vm.swappiness", "net.ipv4/../../kernel.panic"):
        with pytest.raises(Invalid):
            await bench.sandbox("u2", sysctls={name: "1"})


# The host's namespaces


async def test_the_hosts_namespaces_are_had_when_they_are_asked_for(bench: PodBench) -> None:
    pod = await bench.sandbox(host_network=True, host_pid=True, host_ipc=True, hostname=os.uname().nodename)
    container = await bench.container(pod, "sleep", "1000")
    own, host = namespaces(bench.state(container).pid), namespaces(os.getpid())
    assert {kind for kind in own if own[kind] == host[kind]} == {"net", "ipc", "uts", "user", "pid"}
    assert pod.ips == ()
    assert "host network" in await bench.shell(container, "cat /etc/hosts")
    assert f"{os.getpid()}\n" in await bench.shell(container, f"ls -d /proc/{os.getpid()} | cut -c7-")
    await bench.pods.stop_container(container, 0)


async def test_a_pod_without_a_user_namespace_still_has_its_own_network(bench: PodBench) -> None:
    pod = await bench.sandbox(user_namespace=False)
    one = await bench.container(pod, "sleep", "1000")
    two = await bench.container(pod, "sleep", "1000", name="side")
    ours, theirs, host = (namespaces(pid) for pid in (bench.state(one).pid, bench.state(two).pid, os.getpid()))
    assert {kind for kind in ours if ours[kind] == theirs[kind]} == {"net", "ipc", "uts", "user"}
    assert {kind for kind in ours if ours[kind] == host[kind]} == {"user"}
    assert pod.ips[0] in await bench.shell(two, "ip address; hostname")


@pytest.mark.parametrize("mapped", [True, False])
async def test_processes_are_shared_when_they_are_to_be(bench: PodBench, mapped: bool) -> None:
    pod = await bench.sandbox(share_processes=True, user_namespace=mapped)
    one = await bench.container(pod, "sleep", "1234")
    two = await bench.container(pod, "sh", "-c", "(sleep 0.01 &); exec sleep 4321", name="side")
    processes = await bench.shell(two, "ps -o pid,comm,args; ls /proc/1/fd /proc/1/root 2>&1; cat /proc/1/cmdline")
    assert "sleep 1234" in processes and "sleep 4321" in processes
    assert "1 wherry-pause" in " ".join(processes.split())
    assert str(bench.root) not in processes, "nothing of the host is seen"
    await bench.shell(two, "kill -9 1; kill 1")
    assert await bench.shell(one, "true") == ""
    await bench.shell(
        two, "for i in $(seq 500); do ps -o stat | grep -q Z || exit 0; sleep 0.1; done; exit 1"
    )  # reaped
    await bench.again()
    assert bench.pods.sandboxes()[0].ready
    assert "sleep 1234" in await bench.output(pod, "ps")
    await bench.pods.stop_container(one, 0)
    assert bench.state(two).state is State.RUNNING


# Cgroups


async def test_a_pods_cgroup_is_above_its_containers(bench: PodBench) -> None:
    limits = Limits(memory_bytes=64 << 20, cpu_shares=512, cpu_quota_us=50_000, pids=100)
    pod = await bench.sandbox(qos="Burstable", limits=limits)
    own = Limits(memory_bytes=32 << 20, cpu_shares=256, cpu_quota_us=20_000, pids=50, oom_score_adj=900)
    container = await bench.container(pod, "sleep", "1000", limits=own)
    path = "kubepods/burstable/podu1"
    assert bench.limits(path) == bench.wanted(limits)
    assert bench.limits(f"{path}/{container}") == bench.wanted(own)
    assert Path(f"/proc/{bench.state(container).pid}/oom_score_adj").read_text().strip() == "900"
    processes = (bench.cgroup("memory", f"{path}/{container}") / "cgroup.procs").read_text().split()
    assert processes == [str(bench.state(container).pid)]


async def test_limits_change_while_it_runs(bench: PodBench) -> None:
    pod = await bench.sandbox(qos="Burstable", limits=Limits(cpu_quota_us=50_000, memory_bytes=64 << 20))
    container = await bench.container(pod, "sleep", "1000", limits=Limits(cpu_quota_us=20_000, memory_bytes=32 << 20))
    path = "kubepods/burstable/podu1"
    whole, own = Limits(cpu_quota_us=90_000), Limits(cpu_quota_us=80_000, memory_bytes=48 << 20)
    await bench.pods.set_sandbox_limits(pod.id, whole)
    await bench.pods.set_limits(container, own)
    assert bench.limits(path) == bench.wanted(whole)
    assert bench.limits(f"{path}/{container}") == bench.wanted(own)
    await bench.again()
    assert bench.pods.sandboxes()[0].spec.limits == whole


async def test_classes_of_pods_share_the_processors_as_their_pods_ask(bench: PodBench) -> None:
    await bench.sandbox("u1", qos="Guaranteed", limits=Limits(cpu_shares=2048))
    await bench.sandbox("u2", qos="Burstable", limits=Limits(cpu_shares=100))
    last = await bench.sandbox("u3", qos="Burstable", limits=Limits(cpu_shares=200))
    await bench.sandbox("u4")

    def has(name: str, shares: int) -> bool:
        return bench.limits(f"kubepods/{name}").cpu_shares == bench.wanted(Limits(cpu_shares=shares)).cpu_shares

    await settled(lambda: has("guaranteed", 2048) and has("burstable", 300) and has("besteffort", 2))
    await bench.pods.remove_sandbox(last.id)
    await settled(lambda: has("burstable", 100))


async def test_memory_that_is_exceeded_says_so(bench: PodBench) -> None:
    pod = await bench.sandbox()
    script = "x=a; while true; do x=$x$x; done"
    container = await bench.container(pod, "sh", "-c", script, limits=Limits(memory_bytes=16 << 20))
    ended = await bench.ended(container)
    assert (ended.reason, ended.exit_code) == ("OOMKilled", 137)


async def test_what_it_uses_is_told(bench: PodBench) -> None:
    container = await bench.container(await bench.sandbox(), "sh", "-c", "while true; do :; done")
    await settled(lambda: bench.pods.usage(container).cpu_ns > 1_000_000)  # type: ignore[union-attr]
    used = bench.pods.usage(container)
    assert used is not None and used.memory_bytes > 0 and used.pids == 1 and used.time_ns > 0
    await bench.pods.stop_container(container, 0)
    assert bench.pods.usage(container) is None
    assert bench.pods.usage("nobody") is None
