"""What ``docker run`` can be told about a container, seen from inside it and in ``docker inspect``."""

import json
import os
import re
from pathlib import Path

import pytest

from tests.conformance.cli import Docker
from tests.kernel.rig import wait_until
from tests.ports import quiet_port

SIZE_OF_T = "stat -c %a /t; df -k /t | tail -1 | awk '{print $2}'"
PORTS = "net.ipv4.ip_unprivileged_port_start"


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (("demo:1", "echo", "a", "b"), "a b"),
        (("--entrypoint", "echo", "demo:1", "x"), "x"),
        (("--entrypoint", "", "demo:1", "echo", "y"), "y"),
        (("-e", "A=1", "-e", "B=two words", "demo:1", "sh", "-c", "echo $A $B"), "1 two words"),
        (("-w", "/tmp", "demo:1", "pwd"), "/tmp"),
        (("-w", "/made/for/it", "demo:1", "pwd"), "/made/for/it"),
        (("-u", "bob", "demo:1", "id", "-u"), "1000"),
        (("-u", "1234:5678", "demo:1", "id"), "uid=1234 gid=5678 groups=5678"),
        (("-u", "0:1000", "demo:1", "id", "-g"), "1000"),
        (("--group-add", "5", "demo:1", "id", "-G"), "0 5"),
        (("-h", "box", "demo:1", "hostname"), "box"),
        (("--domainname", "example.org", "-h", "box", "demo:1", "hostname"), "box"),
        (("--cpuset-cpus", "0", "demo:1", "nproc"), "1"),
        (("--ulimit", "nofile=100:200", "demo:1", "sh", "-c", "ulimit -n; ulimit -Hn"), "100\n200"),
        (("--shm-size", "8m", "demo:1", "sh", "-c", "df -k /dev/shm | tail -1 | awk '{print $2}'"), "8192"),
        (("--tmpfs", "/t:size=1m,mode=700", "demo:1", "sh", "-c", SIZE_OF_T), "700\n1024"),
        (("--network", "none", "demo:1", "ls", "/sys/class/net"), "lo"),
        (("--init", "demo:1", "sh", "-c", "test $$ != 1 && echo child"), "child"),
        (("--pid", "host", "demo:1", "sh", "-c", "test $$ != 1 && echo hosted"), "hosted"),
        (("--sysctl", f"{PORTS}=99", "demo:1", "cat", "/proc/sys/" + PORTS.replace(".", "/")), "99"),
        (("--oom-score-adj", "500", "demo:1", "cat", "/proc/self/oom_score_adj"), "500"),
        (("--add-host", "db:10.1.2.3", "demo:1", "grep", "db", "/etc/hosts"), "10.1.2.3\tdb"),
        (("--dns", "9.9.9.9", "demo:1", "grep", "-m1", "nameserver", "/etc/resolv.conf"), "nameserver 9.9.9.9"),
        (("--dns-search", "example.org", "demo:1", "grep", "search", "/etc/resolv.conf"), "search example.org"),
    ],
)
def test_a_flag_is_seen_inside(docker: Docker, arguments, output) -> None:
    assert docker.out("run", "--rm", *arguments) == output


def capabilities(docker: Docker, *flags: str) -> int:
    status = docker.run(*flags, "demo:1", "grep", "CapEff", "/proc/self/status")
    return int(status.split()[1], 16)


def test_capabilities_are_added_and_dropped(docker: Docker) -> None:
    ordinary = capabilities(docker)
    assert ordinary.bit_count() == 14
    assert capabilities(docker, "--cap-drop", "ALL") == 0
    assert capabilities(docker, "--cap-drop", "ALL", "--cap-add", "CHOWN") == 1
    assert capabilities(docker, "--cap-add", "NET_ADMIN") == ordinary | 1 << 12
    assert capabilities(docker, "--cap-drop", "CAP_CHOWN") == ordinary & ~1


def test_privileged(docker: Docker) -> None:
    host = int(re.search(r"CapBnd:\s*(\w+)", Path("/proc/self/status").read_text())[1], 16)  # type: ignore[index]
    assert capabilities(docker, "--privileged") == host
    assert "Seccomp:\t0" in docker.run("--privileged", "demo:1", "cat", "/proc/self/status")
    assert "null" in docker.run("--privileged", "demo:1", "ls", "/dev")


def test_security_options(docker: Docker) -> None:
    assert "Seccomp:\t2" in docker.run("demo:1", "cat", "/proc/self/status")
    assert "Seccomp:\t0" in docker.run("--security-opt", "seccomp=unconfined", "demo:1", "cat", "/proc/self/status")
    assert "NoNewPrivs:\t1" in docker.run("--security-opt", "no-new-privileges", "demo:1", "cat", "/proc/self/status")


def test_a_seccomp_profile_of_one_s_own(docker: Docker, tmp_path: Path) -> None:
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    done = docker("run", "--rm", "--security-opt", f"seccomp={profile}", "demo:1", "mkdir", "/tmp/x", check=False)
    assert done.returncode == 1
    assert "Operation not permitted" in done.stderr


def test_devices(docker: Docker) -> None:
    assert docker.run("--device", "/dev/null:/dev/nothing", "demo:1", "ls", "/dev/nothing") == "/dev/nothing"
    refused = docker(
        "run", "--rm", "--cap-add", "MKNOD", "demo:1", "sh", "-c", "mknod /tmp/m c 1 1 && cat /tmp/m", check=False
    )
    assert refused.returncode != 0


def test_a_read_only_root(docker: Docker) -> None:
    done = docker(
        "run", "--rm", "--read-only", "--tmpfs", "/tmp", "demo:1", "sh", "-c", "touch /tmp/x && touch /x", check=False
    )
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr


def test_limits_reach_the_cgroup(docker: Docker) -> None:
    docker(
        "run",
        "-d",
        "--name",
        "limited",
        "-m",
        "64m",
        "--memory-reservation",
        "32m",
        "--cpus",
        "0.5",
        "--cpu-shares",
        "512",
        "--pids-limit",
        "50",
        "demo:1",
        "sleep",
        "100",
    )
    shown = docker.out("stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", "limited")
    assert shown.endswith("/ 64MiB 1")
    limits = docker.out("inspect", "-f", "{{.HostConfig.CpuShares}} {{.HostConfig.MemoryReservation}}", "limited")
    assert limits == "512 33554432"
    docker("update", "--pids-limit", "20", "-m", "96m", "--memory-swap", "96m", "limited")
    assert docker.out("stats", "--no-stream", "--format", "{{.MemUsage}}", "limited").endswith("/ 96MiB")


def test_environment_and_label_files(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("FROM_FILE=1\n")
    docker(
        "run",
        "-d",
        "--name",
        "labelled",
        "-l",
        "a=b",
        "--label",
        "empty",
        "--env-file",
        str(tmp_path / "env"),
        "demo:1",
        "sleep",
        "9",
    )
    assert json.loads(docker.out("inspect", "-f", "{{json .Config.Labels}}", "labelled")) == {"a": "b", "empty": ""}
    assert "FROM_FILE=1" in docker.out("exec", "labelled", "env").splitlines()


def test_the_id_file(docker: Docker, tmp_path: Path) -> None:
    cid = docker.out("run", "-d", "--cidfile", str(tmp_path / "cid"), "demo:1", "sleep", "9")
    assert (tmp_path / "cid").read_text() == cid


# Volumes and mounts


def test_a_named_volume_keeps_its_content(docker: Docker) -> None:
    docker.run("-v", "keep:/data", "demo:1", "sh", "-c", "echo kept > /data/file")
    assert docker.run("-v", "keep:/data", "demo:1", "cat", "/data/file") == "kept"
    assert docker("run", "--rm", "-v", "keep:/data:ro", "demo:1", "touch", "/data/x", check=False).returncode == 1


def test_a_new_volume_starts_with_the_image_s_files(docker: Docker) -> None:
    assert "passwd" in docker.run("-v", "filled:/etc", "demo:1", "ls", "/etc").split()
    assert "passwd" in docker.run("-v", "filled:/there", "demo:1", "ls", "/there").split()
    nothing = docker.run("--mount", "type=volume,src=bare,dst=/etc,volume-nocopy", "demo:1", "ls", "/etc").split()
    assert "passwd" not in nothing


def test_an_anonymous_volume_goes_with_its_container(docker: Docker) -> None:
    docker("run", "--rm", "-v", "/anonymous", "demo:1", "touch", "/anonymous/x")
    assert docker.out("volume", "ls", "-q") == ""
    docker("run", "--name", "kept", "-v", "/anonymous", "demo:1", "true")
    assert len(docker.out("volume", "ls", "-q").splitlines()) == 1
    docker("rm", "-v", "kept")
    assert docker.out("volume", "ls", "-q") == ""


def test_bind_mounts(docker: Docker, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "file").write_text("from the host")
    assert docker.run("-v", f"{tmp_path}:/given:ro", "demo:1", "cat", "/given/file") == "from the host"
    refused = docker("run", "--rm", "-v", f"{tmp_path}:/given:ro", "demo:1", "touch", "/given/x", check=False)
    assert "Read-only file system" in refused.stderr
    assert docker.run("-v", f"{tmp_path}/file:/one", "demo:1", "cat", "/one") == "from the host"
    mount = f"type=bind,src={tmp_path},dst=/given,bind-propagation=rslave,readonly"
    assert docker.run("--mount", mount, "demo:1", "cat", "/given/file") == "from the host"


def test_a_bind_source_that_is_missing(docker: Docker, tmp_path: Path) -> None:
    docker.run("-v", f"{tmp_path}/made:/given", "demo:1", "true")
    assert (tmp_path / "made").is_dir()
    refused = docker(
        "run", "--rm", "--mount", f"type=bind,src={tmp_path}/absent,dst=/given", "demo:1", "true", check=False
    )
    assert refused.returncode == 125
    assert f"bind source path does not exist: {tmp_path}/absent" in refused.stderr


def test_tmpfs_mount(docker: Docker) -> None:
    assert (
        docker.run("--mount", "type=tmpfs,dst=/t,tmpfs-size=1m", "demo:1", "grep", "-c", " /t ", "/proc/mounts") == "1"
    )


# Networks


def test_the_network_of_another_container(docker: Docker) -> None:
    docker("run", "-d", "--name", "first", "demo:1", "httpd", "-f", "-p", "81", "-h", "/etc")
    fetch = ("sh", "-c", "until wget -q -O - http://127.0.0.1:81/group; do sleep 0.1; done")
    assert "root:" in docker.out("run", "--rm", "--network", "container:first", "demo:1", *fetch)


def test_the_host_s_network(docker: Docker) -> None:
    inside = docker.out("run", "--rm", "--network", "host", "demo:1", "readlink", "/proc/self/ns/net")
    assert inside == os.readlink("/proc/self/ns/net")


def test_published_ports_are_told(docker: Docker) -> None:
    first = quiet_port(4)
    one, several = f"127.0.0.1:{first}", f"{first + 1}-{first + 3}"
    flags = ("-p", f"{one}:80", "-p", "53/udp", "-p", f"{several}:100-102")
    docker("run", "-d", "--name", "ports", *flags, "demo:1", "sleep", "100")
    told = docker.out("port", "ports").splitlines()
    assert f"80/tcp -> {one}" in told
    assert f"101/tcp -> 0.0.0.0:{first + 2}" in told
    assert any(re.fullmatch(r"53/udp -> 0\.0\.0\.0:\d+", line) for line in told)
    taken = docker("run", "-d", "-p", f"{one}:80", "demo:1", "sleep", "1", check=False)
    assert taken.returncode == 125
    assert f"Bind for {one} failed: port is already allocated" in taken.stderr


def test_a_bridge_address(docker: Docker) -> None:
    docker("run", "-d", "--name", "bridged", "demo:1", "sleep", "100")
    address = docker.out("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "bridged")
    assert address in docker.out("exec", "bridged", "ip", "addr")
    assert address in docker.out("exec", "bridged", "cat", "/etc/hosts")
    assert "bridged" in docker.out("network", "inspect", "-f", "{{range .Containers}}{{.Name}}{{end}}", "bridge")


# Restart policies


def test_on_failure_gives_up_in_the_end(docker: Docker) -> None:
    docker("run", "-d", "--name", "failing", "--restart", "on-failure:2", "demo:1", "sh", "-c", "echo try; exit 3")
    _until(docker, "failing", "{{.State.Status}} {{.RestartCount}}", "exited 2")
    assert docker.out("logs", "failing").splitlines() == ["try"] * 3


def test_always_restarts_until_stopped(docker: Docker) -> None:
    docker("run", "-d", "--name", "always", "--restart", "always", "demo:1", "sh", "-c", "sleep 0.2")
    _until(docker, "always", "{{ge .RestartCount 2}}", "true")
    docker("stop", "-t", "1", "always")
    assert docker.out("inspect", "-f", "{{.State.Running}}", "always") == "false"


def _until(docker: Docker, name: str, template: str, wanted: str) -> None:
    wait_until(lambda: docker.out("inspect", "-f", template, name) == wanted, 120, f"{template} == {wanted}")


# Logs


def test_logs_are_rotated(docker: Docker) -> None:
    docker(
        "run",
        "--name",
        "chatty",
        "--log-opt",
        "max-size=10k",
        "--log-opt",
        "max-file=2",
        "demo:1",
        "sh",
        "-c",
        "seq 1 20000",
    )
    lines = docker.out("logs", "chatty").splitlines()
    assert lines[-1] == "20000"
    assert len(lines) < 20000


def test_no_logs(docker: Docker) -> None:
    docker("run", "--name", "silent", "--log-driver", "none", "demo:1", "echo", "x")
    assert docker("logs", "silent", check=False).returncode == 1


def test_programs_can_tell_that_they_are_in_a_container(docker: Docker) -> None:
    docker("run", "-d", "--name", "box", "demo:1", "sleep", "100")
    assert docker.out("exec", "box", "stat", "-c", "%F %u", "/.dockerenv") == "regular empty file 0"
    assert docker.out("diff", "box") == ""
    docker("commit", "box", "made:1")
    docker("exec", "box", "sh", "-c", "echo mine > /.dockerenv")
    assert docker.out("diff", "box") == "A /.dockerenv"
    docker("commit", "box", "mine:1")
    assert docker.out("run", "--rm", "--network", "none", "mine:1", "cat", "/.dockerenv") == "mine"
    assert docker.out("history", "--format", "{{.Size}}", "made:1").splitlines()[0] == "0B"
    docker("rmi", "-f", "made:1", "mine:1")


def test_a_volume_may_be_a_directory_of_the_machine(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    options = ("type=none", "o=bind", f"device={tmp_path}/there")
    docker("volume", "create", *(word for option in options for word in ("--opt", option)), "kept")
    assert docker.run("-v", "kept:/data", "demo:1", "sh", "-c", "echo it > /data/file; stat -c %u /data/file") == "0"
    assert (tmp_path / "there" / "file").read_text() == "it\n"
    docker("volume", "rm", "kept")
    assert (tmp_path / "there" / "file").exists()
