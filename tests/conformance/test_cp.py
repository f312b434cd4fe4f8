"""cp, by the docker CLI, docker-py and wherry."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker as docker_py
import pytest

from tests.conformance.cli import Docker
from tests.conformance.copies import seen
from tests.kernel.rig import Rig

# Into a container


def test_a_file_into_a_directory_and_under_another_name(docker: Docker, container: str, host: Path) -> None:
    docker("cp", str(host / "note"), f"{container}:/etc")
    docker("cp", str(host / "note"), f"{container}:/etc/motd")
    assert seen(docker, container, "/etc/note") == seen(docker, container, "/etc/motd") == "noted"


def test_what_is_copied_in_is_there_when_it_runs_and_belongs_to_root(docker: Docker, host: Path) -> None:
    docker(
        "create",
        "--name",
        "box",
        "--network",
        "none",
        "demo:1",
        "sh",
        "-c",
        "cat /etc/motd; stat -c %u:%g /etc/motd /etc",
    )
    os.chown(host / "note", 0, 0)
    docker("cp", str(host / "note"), "box:/etc/motd")
    assert docker.out("start", "-a", "box") == "noted0:0\n0:0"


def test_a_directory_and_the_contents_of_one(docker: Docker, container: str, host: Path) -> None:
    docker("cp", str(host / "tree"), f"{container}:/var")
    docker("cp", f"{host}/tree/.", f"{container}:/home")
    docker("cp", str(host / "tree"), f"{container}:/new")
    for place in ("/var/tree", "/home", "/new"):
        assert seen(docker, container, f"{place}/file") == "a file"
        docker("cp", f"{container}:{place}", str(host / "back"))
        copy = host / "back" if place != "/home" or not (host / "back" / "home").exists() else host / "back" / "home"
        assert (copy / "deep" / "er").read_bytes() == (host / "tree" / "deep" / "er").read_bytes()
        assert os.readlink(copy / "link") == "deep/er"
        assert (copy / "file").stat().st_mode & 0o777 == 0o640
        (host / "back").rename(host / f"was-{place.replace('/', '-')}")


def test_into_a_volume(docker: Docker, host: Path) -> None:
    docker("create", "--name", "box", "--network", "none", "-v", "kept:/data", "demo:1", "cat", "/data/note")
    docker("cp", str(host / "note"), "box:/data/")
    assert docker.out("start", "-a", "box") == "noted"
    assert docker.run("-v", "kept:/x", "demo:1", "stat", "-c", "%u %s", "/x/note") == "0 5"
    assert seen(docker, "box", "/data/note") == "noted"


def test_a_new_volume_still_gets_what_the_image_has(docker: Docker, host: Path) -> None:
    docker("create", "--name", "box", "--network", "none", "-v", "etc:/etc", "demo:1", "ls", "/etc")
    docker("cp", str(host / "note"), "box:/etc/")
    assert {"passwd", "group", "note"} <= set(docker.out("start", "-a", "box").split())


def test_read_only_places_are_refused(docker: Docker, host: Path) -> None:
    docker("create", "--name", "rootfs", "--network", "none", "--read-only", "-v", "kept:/data", "demo:1", "true")
    docker("create", "--name", "volume", "--network", "none", "-v", "kept:/data:ro", "demo:1", "true")
    for place in ("rootfs:/etc/", "volume:/data/"):
        refused = docker("cp", str(host / "note"), place, check=False)
        assert refused.returncode == 1
        assert "read-only" in refused.stderr
    docker("cp", str(host / "note"), "rootfs:/data/")


def test_a_directory_is_not_replaced_by_a_file(docker: Docker, container: str, host: Path) -> None:
    (host / "etc").write_text("no directory")
    refused = docker("cp", str(host / "etc"), f"{container}:/", check=False)
    assert "cannot overwrite directory" in refused.stderr


def test_from_standard_input(docker: Docker, container: str, host: Path) -> None:
    docker.shell(f"tar -C {host} -cz note | docker cp - {container}:/root")
    assert seen(docker, container, "/root/note") == "noted"


def test_owners(docker: Docker, host: Path) -> None:
    docker("run", "-d", "--name", "box", "--network", "none", "-u", "bob", "demo:1", "sleep", "1000")
    os.chown(host / "note", 1234, 4321)
    docker("cp", str(host / "note"), "box:/tmp/plain")
    docker("cp", "-a", str(host / "note"), "box:/tmp/archive")
    assert docker.out("exec", "box", "stat", "-c", "%u:%g", "/tmp/plain") == "1234:4321"
    assert docker.out("exec", "box", "stat", "-c", "%u:%g", "/tmp/archive") == "1000:1000"


# Out of a container


def test_files_out(docker: Docker, container: str, host: Path) -> None:
    docker("cp", f"{container}:/etc/passwd", str(host / "out"))
    docker("cp", f"{container}:/etc", str(host / "all"))
    docker("cp", f"{container}:/etc/.", str(host / "tree"))
    for path in (host / "out", host / "all" / "passwd", host / "tree" / "passwd"):
        assert path.read_text().startswith("root:x:0:0")


def test_links_are_copied_and_followed_inside_the_container(docker: Docker, host: Path) -> None:
    script = "ln -s /etc/passwd /abs; ln -s ../../../../etc/group /up; ln -s /nowhere /dangling; ln -s /etc /dir"
    docker("run", "--name", "box", "--network", "none", "demo:1", "sh", "-c", script)
    docker("cp", "box:/abs", str(host / "abs"))
    assert os.readlink(host / "abs") == "/etc/passwd"
    docker("cp", "-L", "box:/abs", str(host / "followed"))
    assert (host / "followed").read_text().startswith("root:x:0:0:root:/root:/bin/sh\nbob")
    docker("cp", "-L", "box:/up", str(host / "up"))
    assert (host / "up").read_text().startswith("root:x:0:\ntty")
    docker("cp", "box:/dir/passwd", str(host / "through"))
    assert (host / "through").read_text().startswith("root")
    docker("cp", str(host / "note"), "box:/dir/note")
    assert seen(docker, "box", "/etc/note") == "noted"


def test_what_is_not_there(docker: Docker, container: str, host: Path) -> None:
    missing = docker("cp", f"{container}:/missing", str(host), check=False)
    assert missing.returncode == 1
    assert "Could not find the file /missing in container" in missing.stderr
    into = docker("cp", str(host / "note"), f"{container}:/missing/", check=False)
    assert into.returncode == 1


def test_tmpfs_and_kernel_files_of_a_running_container(docker: Docker, host: Path) -> None:
    docker(
        "run",
        "-d",
        "--name",
        "box",
        "--network",
        "none",
        "--tmpfs",
        "/t",
        "demo:1",
        "sh",
        "-c",
        "echo x >/t/f; exec sleep 1000",
    )
    docker("exec", "box", "sh", "-c", "until [ -s /t/f ]; do sleep 0.05; done")
    docker("cp", "box:/t/f", str(host / "f"))
    assert (host / "f").read_text() == "x\n"
    docker("cp", str(host / "note"), "box:/t/")
    assert docker.out("exec", "box", "cat", "/t/note") == "noted"
    docker("cp", "box:/proc", str(host / "proc"))
    assert list((host / "proc").iterdir()) == []


def test_docker_py_archives(docker: Docker, api: docker_py.DockerClient, container: str) -> None:
    box = api.containers.get(container)
    pieces, stat = box.get_archive("/etc/passwd")
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as tar:
        assert tar.getnames() == ["passwd"]
    assert (stat["name"], stat["size"], stat["linkTarget"]) == ("passwd", tar_size(pieces, stat), "")
    assert stat["mode"] == 0o644
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    assert box.put_archive("/root", buffer.getvalue())
    assert box.get_archive("/root/empty")[1]["size"] == 0
    with pytest.raises(docker_py.errors.NotFound):
        box.get_archive("/missing")
    with pytest.raises(docker_py.errors.APIError) as refusal:
        box.put_archive("/etc/passwd", buffer.getvalue())
    assert refusal.value.status_code == 400


def tar_size(pieces: Iterator[bytes], stat: dict[str, int]) -> int:
    return stat["size"]


# The same by wherry


OUT_OF = [
    ("/etc/passwd", "file"),
    ("/etc/passwd", "new"),
    ("/etc/passwd", "directory"),
    ("/etc/passwd", "directory/"),
    ("/etc/passwd", "missing/"),
    ("/etc/passwd", "missing/new"),
    ("/etc", "file"),
    ("/etc", "new"),
    ("/etc", "new/"),
    ("/etc", "directory"),
    ("/etc/", "directory/."),
    ("/etc/.", "directory"),
    ("/etc/.", "new"),
    ("/etc/passwd", "link"),
    ("/link", "new"),
    ("/link/", "new"),
    ("/link", "directory"),
    ("/link/passwd", "directory"),
    ("-L", "/link", "new"),
    ("-L", "/link", "directory"),
    ("-L", "/filelink", "directory"),
    ("/missing", "new"),
]
INTO = [
    ("note", "/etc/passwd"),
    ("note", "/new"),
    ("note", "/new/"),
    ("note", "/etc"),
    ("note", "/link"),
    ("note", "/link/"),
    ("note", "/filelink"),
    ("note", "/missing/new"),
    ("tree", "/etc"),
    ("tree", "/new"),
    ("tree", "/etc/passwd"),
    ("tree/.", "/etc"),
    ("tree/.", "/new"),
    ("tree/", "/home/"),
    ("tree/link", "/new"),
    ("-L", "tree/link", "/new"),
    ("-L", "tree/link", "/etc"),
    ("tolink/", "/home"),
    ("tolink", "/home"),
    ("missing", "/new"),
]


def listing(root: Path) -> dict[str, tuple[int, str]]:
    """Modes and contents, by path; without times."""
    found = {}
    for path in sorted(root.rglob("*")):
        content = os.readlink(path) if path.is_symlink() else path.read_bytes().hex() if path.is_file() else ""
        found[str(path.relative_to(root))] = (path.lstat().st_mode, content)
    return found


@pytest.fixture
def linked(docker: Docker) -> str:
    """A stopped container with links in its root directory."""
    docker(
        "run", "--name", "linked", "--network", "none", "demo:1", "sh", "-c", "ln -s etc link; ln -s etc/group filelink"
    )
    return "linked"


def test_wherry_copies_out_as_docker_does(docker: Docker, rig: Rig, linked: str, tmp_path: Path) -> None:
    outcomes = []
    for program in ("docker", "wherry"):
        outcome = []
        for number, (*flags, source, destination) in enumerate(OUT_OF):
            place = tmp_path / program / str(number)
            (place / "directory").mkdir(parents=True)
            (place / "file").write_text("there")
            (place / "link").symlink_to("directory")
            arguments = ("cp", *flags, f"{linked}:{source}", f"{place}/{destination}")
            done = docker(*arguments, check=False) if program == "docker" else rig.wherry(*arguments, check=False)
            outcome.append((flags, source, destination, done.returncode, listing(place)))
        outcomes.append(outcome)
    for by_docker, by_wherry in zip(*outcomes, strict=True):
        assert by_wherry == by_docker


def test_wherry_copies_in_as_docker_does(docker: Docker, rig: Rig, host: Path, linked: str) -> None:
    (host / "tolink").symlink_to("tree")
    docker("commit", linked, "linked:1")
    outcomes = []
    for program in ("docker", "wherry"):
        outcome = []
        for number, (*flags, source, destination) in enumerate(INTO):
            name = f"{program}-{number}"
            docker("create", "--name", name, "--network", "none", "linked:1", "true")
            arguments = ("cp", *flags, f"{host}/{source}", f"{name}:{destination}")
            done = docker(*arguments, check=False) if program == "docker" else rig.wherry(*arguments, check=False)
            outcome.append((flags, source, destination, done.returncode, docker.out("diff", name)))
        outcomes.append(outcome)
    for by_docker, by_wherry in zip(*outcomes, strict=True):
        assert by_wherry == by_docker
    docker("rm", *(f"{program}-{number}" for program in ("docker", "wherry") for number in range(len(INTO))))
    docker("rmi", "linked:1")
