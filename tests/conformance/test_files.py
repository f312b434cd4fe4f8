"""diff, export and commit, by the docker CLI and wherry."""

import json
import tarfile
from pathlib import Path

import docker as docker_py
import pytest

from tests.conformance.cli import Docker
from tests.conformance.copies import seen
from tests.kernel.rig import WHERRY, Rig

# Diff


def test_diff(docker: Docker) -> None:
    script = (
        "touch /new; rm /etc/group; mkdir -p /var/a/b; echo x >>/etc/passwd; chmod 700 /home; rm -r /root; mkdir /root"
    )
    docker("run", "--name", "box", "--network", "none", "-v", "/added", "demo:1", "sh", "-c", script)
    assert docker.out("diff", "box").splitlines() == [
        "A /added",
        "C /etc",
        "D /etc/group",
        "C /etc/passwd",
        "C /home",
        "A /new",
        "C /var",
        "A /var/a",
        "A /var/a/b",
    ]


def test_a_container_that_wrote_nothing_has_no_changes(docker: Docker) -> None:
    docker("run", "--name", "ran", "demo:1", "true")
    docker("create", "--name", "made", "demo:1", "true")
    docker("run", "-d", "--name", "runs", "--init", "demo:1", "sleep", "1000", check=False)
    for name in ("ran", "made"):
        assert docker.out("diff", name) == ""


# Export


@pytest.mark.parametrize("state", ["running", "exited"])
def test_export_and_import_again(docker: Docker, host: Path, state: str) -> None:
    command = "echo mine >/home/file; chown bob /home/file; rm /etc/group; mkdir /v/x" + (
        "; sleep 1000" * (state == "running")
    )
    docker(
        "run",
        *(["-d"] if state == "running" else []),
        "--name",
        "box",
        "--network",
        "none",
        "-v",
        "/v",
        "demo:1",
        "sh",
        "-c",
        command,
    )
    if state == "running":
        docker("exec", "box", "sh", "-c", "until [ -e /v/x ]; do sleep 0.05; done")
    docker("export", "-o", str(host / "box.tar"), "box")
    with tarfile.open(host / "box.tar") as tar:
        names = tar.getnames()
        assert (tar.getmember("home/file").uid, tar.getmember("etc/passwd").uid) == (1000, 0)
    assert "etc/group" not in names and "v/x" not in names and "proc/1" not in names
    assert {"bin/busybox", "etc/passwd", "dev", "proc", "sys"} <= set(names)
    docker("import", str(host / "box.tar"), "again:1")
    assert docker.run("again:1", "cat", "/home/file") == "mine"


# Commit


def test_commit(docker: Docker) -> None:
    script = "echo mine >/home/file; chown bob /home/file; rm -r /var"
    docker("run", "--name", "box", "-e", "A=1", "-w", "/home", "--network", "none", "demo:1", "sh", "-c", script)
    image = docker.out(
        "commit", "-m", "a message", "-a", "me", "-c", 'CMD ["cat","file"]', "-c", "ENV B=2", "box", "made:1"
    )
    assert docker.out("image", "inspect", "-f", "{{.Id}}", "made:1") == image
    assert docker.run("made:1") == "mine"
    assert (
        docker.run("made:1", "sh", "-c", "echo $A $B $PWD; stat -c %U file; ls -d /var 2>/dev/null || true")
        == "1 2 /home\nbob"
    )
    told = json.loads(docker.out("image", "inspect", "made:1"))[0]
    assert (told["Comment"], told["Author"]) == ("a message", "me")
    assert told["Parent"] == docker.out("image", "inspect", "-f", "{{.Id}}", "demo:1")
    assert len(told["RootFS"]["Layers"]) == 2
    history = docker.out("history", "--format", "{{.CreatedBy}}|{{.Comment}}", "--no-trunc", "made:1").splitlines()
    assert history[0] == f"sh -c {script}|a message"
    docker("rmi", "made:1")


def test_a_commit_of_a_running_container_pauses_it(docker: Docker, api: docker_py.DockerClient) -> None:
    docker("run", "-d", "--name", "box", "--network", "none", "demo:1", "sleep", "1000")
    docker("exec", "box", "touch", "/there")
    since = docker.out("inspect", "-f", "{{.Created}}", "box")
    docker("commit", "box", "made:2")
    docker("commit", "--pause=false", "box", "made:3")
    now = docker.shell("date +%s.%N").stdout.strip()
    events = docker.out(
        "events", "--since", since, "--until", now, "--filter", "container=box", "--format", "{{.Action}}"
    ).splitlines()
    assert [event for event in events if event in ("pause", "unpause", "commit")] == [
        "pause",
        "unpause",
        "commit",
        "commit",
    ]
    assert docker.out("inspect", "-f", "{{.State.Status}}", "box") == "running"
    assert docker.run("made:2", "ls", "/there") == "/there"
    docker("rmi", "made:2", "made:3")


def test_a_commit_without_changes_has_no_layer_of_its_own(docker: Docker) -> None:
    docker("create", "--name", "box", "demo:1", "true")
    docker("commit", "-c", "LABEL a=b", "box", "made:4")
    assert len(json.loads(docker.out("image", "inspect", "-f", "{{json .RootFS.Layers}}", "made:4"))) == 1
    assert docker.out("image", "inspect", "-f", "{{.Config.Labels}}", "made:4") == "map[a:b]"
    docker("rmi", "made:4")


def test_bad_commits_are_refused(docker: Docker) -> None:
    docker("create", "--name", "box", "demo:1", "true")
    assert "is not a valid change command" in docker("commit", "-c", "RUN x", "box", check=False).stderr
    assert "invalid reference format" in docker("commit", "box", "UPPER", check=False).stderr
    assert "No such container: missing" in docker("commit", "missing", check=False).stderr


# The same by wherry


@pytest.fixture
def linked(docker: Docker) -> str:
    """A stopped container with links in its root directory."""
    docker(
        "run", "--name", "linked", "--network", "none", "demo:1", "sh", "-c", "ln -s etc link; ln -s etc/group filelink"
    )
    return "linked"


def test_wherry_s_other_verbs(docker: Docker, rig: Rig, host: Path, linked: str) -> None:
    assert rig.wherry("diff", linked).stdout == docker.out("diff", linked) + "\n" == "A /filelink\nA /link\n"
    rig.wherry("export", "-o", str(host / "one.tar"), linked)
    docker("export", "-o", str(host / "two.tar"), linked)
    assert (host / "one.tar").read_bytes() == (host / "two.tar").read_bytes()
    image = rig.wherry("commit", "-m", "by wherry", "-c", "LABEL a=b", linked, "of/wherry:2").stdout.strip()
    assert (
        docker.out("image", "inspect", "-f", "{{.Id}} {{.Comment}} {{.Config.Labels}}", "of/wherry:2")
        == f"{image} by wherry map[a:b]"
    )
    docker("rmi", "of/wherry:2")
    streamed = docker.shell(f"{WHERRY} cp {linked}:/etc - | tar -t | sort").stdout.split()
    assert streamed[:2] == ["etc/", "etc/group"]
    docker.shell(f"tar -C {host} -c note | {WHERRY} cp - {linked}:/root")
    assert seen(docker, linked, "/root/note") == "noted"
