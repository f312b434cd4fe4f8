"""Docker's rules and words for images, through the docker CLI; each was compared with dockerd 20.10 beside it."""

import pytest

from tests.conformance.cli import Docker

ABSENT = "a" * 64


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["image", "inspect", "nope"], "No such image: nope:latest"),
        (["image", "inspect", ABSENT], f"No such image: sha256:{ABSENT}"),
        (["image", "inspect", "in valid"], "invalid reference format"),
        (["inspect", "nope"], "Error: No such object: nope"),
        (["history", "nope"], "No such image: nope:latest"),
        (["tag", "nope", "a:b"], "No such image: nope:latest"),
        (["tag", "demo:1", "sha256:1"], "refusing to create an ambiguous tag using digest algorithm as name"),
        (["rmi", "nope"], "No such image: nope:latest"),
        (["rmi", f"nope:x@sha256:{ABSENT}"], f"No such image: nope:x@sha256:{ABSENT}"),
        (["images", "--filter", "dangling=maybe"], "invalid filter 'dangling=[maybe]'"),
        (["images", "--filter", "foo=bar"], "invalid filter 'foo'"),
        (["images", "--filter", "before=nope"], "No such image: nope:latest"),
        (["images", "--filter", "reference=[a"], "syntax error in pattern"),
        (["image", "prune", "-f", "--filter", "foo=x"], "invalid filter 'foo'"),
    ],
)
def test_refusals(docker: Docker, command: list[str], message: str) -> None:
    refused = docker(*command, check=False)
    assert refused.returncode == 1
    assert message in refused.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("RUN x", "RUN is not a valid change command"),
        ("ENV A", "ENV must have two arguments"),
        ("EXPOSE x", "invalid containerPort: x"),
        ("ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"),
        ("HEALTHCHECK RUN x", 'Unknown type "RUN" in HEALTHCHECK (try CMD)'),
        ('ENV A="x', "unexpected end of statement while looking for matching double-quote"),
        ("# nothing", "file with no instructions"),
    ],
)
def test_changes_that_are_refused(docker: Docker, change: str, message: str) -> None:
    refused = docker("import", "--change", change, "-", "refused:1", stdin="", check=False)
    assert message in refused.stderr
    assert docker.out("images", "-q", "refused") == ""


def test_nothing_is_an_image_too(docker: Docker) -> None:
    image = docker.out("import", "-", "nothing:1", stdin="")
    assert docker.out("image", "inspect", "-f", "{{.Id}} {{.Size}}", "nothing:1") == f"{image} 0"
    docker("rmi", "nothing:1")


def test_a_name_of_several_goes_alone(docker: Docker) -> None:
    docker("tag", "demo:1", "localhost:5000/team/app")
    image = docker.out("image", "inspect", "-f", "{{.Id}}", "demo:1")
    refused = docker("rmi", image, check=False)
    assert f"conflict: unable to delete {image[7:19]} (must be forced) - " in refused.stderr
    assert "image is referenced in multiple repositories" in refused.stderr
    assert docker.out("rmi", "localhost:5000/team/app") == "Untagged: localhost:5000/team/app:latest"


def test_a_container_goes_on_with_an_image_that_was_removed_by_force(docker: Docker) -> None:
    image = docker.shell("tar -C / -c bin/busybox 2>/dev/null | docker import - other:1").stdout.strip()
    container = docker.out("create", "--name", "holder", "other:1", "/bin/busybox", "echo", "still here")
    refused = docker("rmi", "other:1", check=False)
    assert (
        f'conflict: unable to remove repository reference "other:1" (must force) - container {container[:12]} '
        f"is using its referenced image {image[7:19]}" in refused.stderr
    )
    assert docker.out("rmi", "-f", "other:1").splitlines() == ["Untagged: other:1", f"Deleted: {image}"]
    assert docker.out("ps", "-a", "--format", "{{.Image}}", "--filter", "name=holder") == image[7:19]
    assert docker("image", "inspect", image, check=False).returncode == 1
    assert docker.out("start", "-a", "holder") == "still here"
    docker("rm", "holder")
