"""The commands that list, show and change what there is."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.conformance.cli import Docker
from tests.kernel.rig import wait_until


def names(docker: Docker, *arguments: str) -> list[str]:
    return sorted(docker.out("ps", "--format", "{{.Names}}", *arguments).splitlines())


# Containers


def test_ps_filters(docker: Docker, port: int) -> None:
    docker("run", "-d", "--name", "one", "-l", "side=left", "-p", f"{port}:80", "demo:1", "sleep", "100")
    docker("run", "-d", "--name", "two", "-l", "side=right", "-v", "kept:/data", "demo:1", "sleep", "100")
    docker("run", "--name", "three", "demo:1", "sh", "-c", "exit 3", check=False)
    docker("create", "--name", "four", "demo:1", "true")
    assert names(docker) == ["one", "two"]
    assert names(docker, "-a") == ["four", "one", "three", "two"]
    assert names(docker, "-l") == ["four"]
    assert names(docker, "-n", "2") == ["four", "three"]
    for arguments, wanted in {
        "label=side": ["one", "two"],
        "label=side=left": ["one"],
        "name=tw": ["two"],
        "name=^/one$": ["one"],
        "status=exited": ["three"],
        "status=created": ["four"],
        "exited=3": ["three"],
        "ancestor=demo:1": ["four", "one", "three", "two"],
        "volume=kept": ["two"],
        "volume=/data": ["two"],
        "before=two": ["one"],
        "since=two": ["four", "three"],
        f"publish={port}": ["one"],
        "expose=80": ["one"],
        "network=bridge": ["four", "one", "three", "two"],
        "health=none": ["four", "one", "three", "two"],
    }.items():
        assert names(docker, "-a", "--filter", arguments) == wanted, arguments
    ids = docker.out("ps", "-aq", "--no-trunc").splitlines()
    assert names(docker, "-a", "--filter", f"id={ids[0]}") == ["four"]
    refused = docker("ps", "--filter", "colour=red", check=False)
    assert "invalid filter 'colour'" in refused.stderr


def test_ps_columns(docker: Docker, port: int) -> None:
    docker("run", "-d", "--name", "one", "-p", f"127.0.0.1:{port}:80", "-l", "a=b", "demo:1", "sleep", "100")
    shown = docker.out("ps", "--format", "{{.Image}}|{{.Command}}|{{.Ports}}|{{.Labels}}|{{.State}}|{{.Networks}}")
    assert shown == f'demo:1|"sleep 100"|127.0.0.1:{port}->80/tcp|a=b|running|bridge'
    assert docker.out("ps", "--format", "{{.Status}}").startswith("Up ")
    assert "virtual" in docker.out("ps", "-s", "--format", "{{.Size}}")
    assert docker.out("ps").splitlines()[0].split() == [
        "CONTAINER", "ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES",
    ]  # fmt: skip


def test_life_of_a_container(docker: Docker) -> None:
    docker(
        "create", "--name", "life", "demo:1", "sh", "-c", "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done"
    )
    state = lambda: docker.out("inspect", "-f", "{{.State.Status}}", "life")  # noqa: E731
    assert state() == "created"
    assert docker.out("start", "life") == "life"
    assert docker.out("start", "life") == "life"
    docker("pause", "life")
    assert state() == "paused"
    assert names(docker, "--filter", "status=paused") == ["life"]
    docker("unpause", "life")
    docker("restart", "-t", "5", "life")
    assert state() == "running"
    wait_until(lambda: docker.out("logs", "life").count("ready") == 2)  # a signal before the trap is lost on process 1
    assert docker.out("stop", "-t", "60", "life") == "life"
    assert docker.out("inspect", "-f", "{{.State.ExitCode}}", "life") == "5"
    assert docker.out("stop", "life") == "life"
    docker("start", "life")
    docker("kill", "life")
    assert docker.out("wait", "life") == "137"
    assert "is not running" in docker("kill", "life", check=False).stderr
    docker("start", "life")
    assert "container is running" in docker("rm", "life", check=False).stderr
    docker("rm", "-f", "life")
    assert "No such container: life" in docker("start", "life", check=False).stderr


def test_a_signal_of_one_s_own(docker: Docker) -> None:
    script = "trap 'echo got; exit 4' USR1; echo ready; while :; do sleep 0.1; done"
    docker("run", "-d", "--name", "sig", "--stop-signal", "USR1", "demo:1", "sh", "-c", script)
    wait_until(lambda: "ready" in docker.out("logs", "sig"))
    docker("stop", "-t", "60", "sig")
    assert docker.out("inspect", "-f", "{{.State.ExitCode}}", "sig") == "4"
    docker("start", "sig")
    wait_until(lambda: docker.out("logs", "sig").count("ready") == 2)
    docker("kill", "-s", "USR1", "sig")
    assert docker.out("wait", "sig") == "4"
    assert "invalid signal" in docker("kill", "-s", "NOSUCH", "sig", check=False).stderr.lower()


def test_waiting(docker: Docker) -> None:
    docker("run", "-d", "--name", "short", "demo:1", "sh", "-c", "sleep 0.5; exit 6")
    assert docker.out("wait", "short") == "6"
    assert docker.out("wait", "short") == "6"
    assert "No such container: absent" in docker("wait", "absent", check=False).stderr


def test_names(docker: Docker) -> None:
    docker("create", "--name", "first", "demo:1", "true")
    twice = docker("create", "--name", "first", "demo:1", "true", check=False)
    assert 'Conflict. The container name "/first" is already in use by container' in twice.stderr
    docker("rename", "first", "renamed")
    assert names(docker, "-a") == ["renamed"]
    assert "renamed" in docker.out("inspect", "-f", "{{.Name}}", "renamed")
    docker("create", "--name", "first", "demo:1", "true")
    assert docker("rename", "first", "renamed", check=False).returncode == 1
    assert "Invalid container name" in docker("create", "--name", "a b", "demo:1", check=False).stderr
    docker("create", "demo:1", "true")
    assert all("_" in name for name in names(docker, "-a") if name not in ("first", "renamed"))


def test_inspect_template_and_json(docker: Docker) -> None:
    docker("run", "-d", "--name", "shown", "-e", "A=b", "-v", "vol:/data:ro", "demo:1", "sleep", "100")
    document = json.loads(docker.out("inspect", "shown"))[0]
    assert document["Name"] == "/shown"
    assert document["Path"] == "sleep"
    assert document["Args"] == ["100"]
    assert "A=b" in document["Config"]["Env"]
    assert document["State"]["Running"] is True
    assert document["Mounts"][0]["Name"] == "vol"
    assert document["Mounts"][0]["RW"] is False
    assert document["HostConfig"]["RestartPolicy"]["Name"] in ("no", "")
    assert json.loads(docker.out("inspect", "-s", "shown"))[0]["SizeRootFs"] > 0
    assert "no such object" in docker("inspect", "absent", check=False).stderr.lower()


def test_top(docker: Docker) -> None:
    docker("run", "-d", "--name", "busy", "demo:1", "sleep", "1000")
    assert "sleep 1000" in docker.out("top", "busy")
    assert docker.out("top", "busy", "-o", "pid,comm").splitlines()[1].split()[1] == "sleep"


def test_stats(docker: Docker) -> None:
    docker("run", "-d", "--name", "busy", "demo:1", "sleep", "1000")
    shown = docker.out("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}")
    assert shown == "busy 1"


def test_container_prune(docker: Docker) -> None:
    docker("run", "--name", "old", "demo:1", "true")
    docker("run", "-d", "--name", "young", "demo:1", "sleep", "100")
    assert "Total reclaimed space" in docker.out("container", "prune", "-f")
    assert names(docker, "-a") == ["young"]


def test_events(docker: Docker) -> None:
    with docker.start("events", "--format", '{{.Type}} {{.Action}} {{index .Actor.Attributes "name"}}') as events:
        wait_until(lambda: _events_follow(docker))
        docker("run", "--rm", "--name", "seen", "demo:1", "true")
        events.expect("container destroy seen")
        seen = [line for line in events.output.splitlines() if line.startswith("container") and line.endswith(" seen")]
    assert [line.split()[1] for line in seen] == ["create", "attach", "start", "die", "destroy"]


def _events_follow(docker: Docker) -> bool:
    return int(docker.out("info", "-f", "{{.NEventsListener}}")) > 0


def test_past_events(docker: Docker) -> None:
    docker("run", "--name", "past", "demo:1", "sh", "-c", "exit 3", check=False)
    began = time.time()
    wait_until(lambda: time.time() - began > 1.1)  # the command asks in whole seconds
    past = docker.out(
        "events", "--since", "1m", "--until", "0s", "--filter", "container=past", "--filter", "event=die",
        "--format", "{{.Actor.Attributes.exitCode}} {{.Actor.Attributes.image}}",
    )  # fmt: skip
    assert past == "3 demo:1"


# Images


def test_images_and_tags(docker: Docker) -> None:
    docker("tag", "demo:1", "other/name:2")
    assert sorted(docker.out("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines()) == [
        "demo:1",
        "other/name:2",
    ]
    assert docker.out("images", "-q", "other/name:2") == docker.out("images", "-q", "demo:1")
    assert docker.out("images", "--filter", "reference=oth*/*", "--format", "{{.Tag}}") == "2"
    assert docker.out("rmi", "other/name:2") == "Untagged: other/name:2"
    assert "No such image: other/name:2" in docker("rmi", "other/name:2", check=False).stderr
    assert "invalid reference format" in docker("tag", "demo:1", "UPPER:1", check=False).stderr


def test_image_inspect_and_history(docker: Docker, tmp_path: Path) -> None:
    document = json.loads(docker.out("image", "inspect", "demo:1"))[0]
    assert document["RepoTags"] == ["demo:1"]
    assert document["Os"] == "linux"
    assert document["Size"] > 100_000
    assert docker.out("history", "demo:1").splitlines()[0].split()[:2] == ["IMAGE", "CREATED"]
    assert len(docker.out("history", "-q", "demo:1").splitlines()) == 1


def test_import_with_changes(docker: Docker, tmp_path: Path) -> None:
    docker.shell(
        f"mkdir {tmp_path}/r; echo hi > {tmp_path}/r/file; tar -C {tmp_path}/r -c . | docker import"
        " -c 'CMD [\"/x\",\"y\"]' -c 'ENV A=b' -c 'LABEL l=m' -m why - changed:1"
    )
    config = json.loads(docker.out("image", "inspect", "-f", "{{json .Config}}", "changed:1"))
    assert config["Cmd"] == ["/x", "y"]
    assert "A=b" in config["Env"]
    assert config["Labels"] == {"l": "m"}
    docker("rmi", "changed:1")


@pytest.mark.parametrize("compression", ["gzip", "xz", "bzip2"])
def test_import_of_a_compressed_archive(docker: Docker, tmp_path: Path, compression) -> None:
    (tmp_path / "file").write_text(compression)
    made = subprocess.run(
        ["tar", "-C", str(tmp_path), f"--{compression}", "-c", "file"], capture_output=True, check=True
    )
    (tmp_path / "archive").write_bytes(made.stdout)
    docker.shell(f"docker import - packed:1 < {tmp_path}/archive")
    docker("rmi", "packed:1")


def test_import_of_rubbish_says_so(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(b"not a tar archive " * 1000)
    done = docker.shell(f"docker import - rubbish:1 < {tmp_path}/archive", check=False)
    assert done.returncode == 1
    assert docker.out("images", "-q", "rubbish:1") == ""


def test_save_and_load(docker: Docker, tmp_path: Path) -> None:
    before = docker.out("images", "-q", "--no-trunc", "demo:1")
    docker("tag", "demo:1", "copy:1")
    docker("save", "-o", str(tmp_path / "saved.tar"), "copy:1")
    docker("rmi", "copy:1")
    assert docker.out("load", "-i", str(tmp_path / "saved.tar")) == "Loaded image: copy:1"
    assert docker.out("images", "-q", "--no-trunc", "copy:1") == before
    docker.shell(f"docker save copy:1 | gzip > {tmp_path}/saved.tgz; docker load < {tmp_path}/saved.tgz")
    assert docker.run("copy:1", "echo", "loaded") == "loaded"
    docker("rmi", "copy:1")
    assert docker("save", "-o", str(tmp_path / "none.tar"), "absent:1", check=False).returncode == 1


def test_an_image_in_use_stays(docker: Docker) -> None:
    docker("run", "-d", "--name", "user", "demo:1", "sleep", "100")
    refused = docker("rmi", "demo:1", check=False)
    assert "conflict: unable to" in refused.stderr
    assert "is using its referenced image" in refused.stderr or "is being used by running container" in refused.stderr


def test_image_prune(docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    docker.shell(f"tar -C {tmp_path} -c file | docker import -")
    assert len(docker.out("images", "-q", "--filter", "dangling=true").splitlines()) == 1
    assert "Deleted Images" in docker.out("image", "prune", "-f")
    assert docker.out("images", "-q", "--filter", "dangling=true") == ""


# Volumes, networks, system


def test_volumes(docker: Docker) -> None:
    assert docker.out("volume", "create", "--label", "a=b", "mine") == "mine"
    anonymous = docker.out("volume", "create")
    assert len(anonymous) == 64
    document = json.loads(docker.out("volume", "inspect", "mine"))[0]
    assert (document["Name"], document["Driver"], document["Labels"]) == ("mine", "local", {"a": "b"})
    assert Path(document["Mountpoint"]).is_dir()
    assert docker.out("volume", "ls", "-q", "--filter", "label=a=b") == "mine"
    docker("run", "-d", "--name", "user", "-v", "mine:/data", "demo:1", "sleep", "100")
    assert docker.out("volume", "ls", "-q", "--filter", "dangling=true") == anonymous
    assert "volume is in use" in docker("volume", "rm", "mine", check=False).stderr
    assert anonymous in docker.out("volume", "prune", "-f")
    assert "no such volume" in docker("volume", "inspect", "absent", check=False).stderr
    assert "includes invalid characters" in docker("volume", "create", "a b", check=False).stderr


def test_networks(docker: Docker) -> None:
    assert docker.out("network", "ls", "--format", "{{.Name}} {{.Driver}}").splitlines() == [
        "bridge bridge",
        "host host",
        "none null",
    ]
    assert docker.out("network", "inspect", "-f", "{{.Scope}}", "bridge") == "local"
    assert docker.out("network", "ls", "-q", "--filter", "name=host")
    assert "pre-defined network" in docker("network", "rm", "bridge", check=False).stderr


def test_info_has_no_complaint(docker: Docker) -> None:
    shown = docker("info")
    assert "ERROR" not in shown.stdout + shown.stderr
    assert docker.out("info", "-f", "{{.Containers}} {{.Images}}") == "0 1"
    assert docker.out("info", "-f", "{{.Driver}}")


def test_version(docker: Docker) -> None:
    assert docker.out("version", "-f", "{{.Server.APIVersion}} {{.Server.MinAPIVersion}}") == "1.51 1.24"


def test_disk_usage(docker: Docker) -> None:
    docker("run", "-d", "--name", "user", "-v", "mine:/data", "demo:1", "sleep", "100")
    lines = docker.out("system", "df", "--format", "{{.Type}}|{{.TotalCount}}|{{.Active}}").splitlines()
    assert lines == ["Images|1|1", "Containers|1|1", "Local Volumes|1|1", "Build Cache|0|0"]
    assert "mine" in docker.out("system", "df", "-v")


def test_system_prune(docker: Docker) -> None:
    docker("run", "--name", "old", "demo:1", "true")
    assert "Total reclaimed space" in docker.out("system", "prune", "-f")


@pytest.mark.parametrize(
    ("arguments", "operation"),
    [
        (("swarm", "init"), "POST /swarm/init is not available"),
        (("plugin", "install", "x"), "is not available"),
        (("node", "ls"), "GET /nodes is not available"),
    ],
)
def test_what_is_not_there_yet_says_so(docker: Docker, arguments, operation) -> None:
    done = docker(*arguments, check=False)
    assert done.returncode == 1
    assert operation in done.stderr
    assert "this version of Wherry" in done.stderr


@pytest.mark.parametrize("version", ["1.24", "1.30", "1.40", "1.41", "1.44", "1.47"])
def test_older_clients(docker: Docker, version) -> None:
    old = {"DOCKER_API_VERSION": version}
    assert docker("run", "--rm", "demo:1", "echo", "old", environment=old).stdout == "old\n"
    docker("run", "-d", "--name", "old", "demo:1", "sleep", "100", environment=old)
    assert docker("exec", "old", "echo", "in", environment=old).stdout == "in\n"
    for arguments in (("ps", "-a"), ("images",), ("inspect", "old"), ("volume", "ls"), ("network", "ls"), ("info",)):
        docker(*arguments, environment=old)
    refused = docker("ps", environment={"DOCKER_API_VERSION": "1.99"}, check=False)
    assert "client version 1.99 is too new. Maximum supported API version is 1.51" in refused.stderr


# Health


def test_a_container_s_health_is_checked_and_shown(docker: Docker) -> None:
    command = "echo out; echo err >&2; test -e /ok"
    docker(
        "run", "-d", "--name", "box", "--health-cmd", command, "--health-interval", "100ms", "--health-retries", "2",
        "demo:1", "sleep", "100",
    )  # fmt: skip

    def status() -> str:
        return docker.out("inspect", "-f", "{{.State.Health.Status}}", "box")

    wait_until(lambda: status() == "unhealthy")
    found = json.loads(docker.out("inspect", "-f", "{{json .State.Health}}", "box"))
    assert found["FailingStreak"] >= 2
    assert (found["Log"][0]["ExitCode"], sorted(found["Log"][0]["Output"].split())) == (1, ["err", "out"])
    assert docker.out("ps", "--format", "{{.Status}}").endswith("(unhealthy)")
    docker("exec", "box", "touch", "/ok")
    wait_until(lambda: status() == "healthy")
    assert names(docker, "--filter", "health=healthy") == ["box"]

    def told() -> list[str]:
        lines = docker.out("events", "--since", "1h", "--until", "0s", "--filter", "event=health_status").splitlines()
        return [line.split("health_status: ")[1].split()[0] for line in lines]

    wait_until(lambda: told() == ["unhealthy", "healthy"])  # the CLI's moments are whole seconds
    docker("restart", "-t", "0", "box")
    wait_until(lambda: status() == "healthy")


def test_a_health_check_that_takes_too_long_has_failed(docker: Docker) -> None:
    limits = ("--health-interval", "100ms", "--health-timeout", "2s", "--health-retries", "1")
    docker("run", "-d", "--name", "box", "--health-cmd", "echo slow; sleep 100", *limits, "demo:1", "sleep", "100")
    wait_until(lambda: docker.out("inspect", "-f", "{{.State.Health.Status}}", "box") == "unhealthy")
    found = json.loads(docker.out("inspect", "-f", "{{json (index .State.Health.Log 0)}}", "box"))
    assert (found["ExitCode"], found["Output"]) == (-1, "Health check exceeded timeout (2s): slow\n")
