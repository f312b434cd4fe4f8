"""Parts of volumes, and files of images, by the docker CLI's ``--mount``."""

from tests.conformance.cli import Docker


def test_a_part_of_a_volume_is_mounted_alone(docker: Docker) -> None:
    docker.run(
        "-v",
        "kept:/data",
        "demo:1",
        "sh",
        "-c",
        "mkdir -p /data/a/b /data/c; echo inner > /data/a/b/f; ln -s / /data/out",
    )
    mount = "type=volume,src=kept,dst=/part,volume-subpath=a/b"
    assert docker.run("--mount", mount, "demo:1", "sh", "-c", "ls /part; cat /part/f; echo new > /part/g") == "f\ninner"
    assert docker.run("-v", "kept:/data", "demo:1", "cat", "/data/a/b/g") == "new"
    assert (
        docker.run("--mount", f"{mount},readonly", "demo:1", "sh", "-c", "touch /part/x || echo refused") == "refused"
    )
    for part, words in (
        ("a/none", "no such file or directory"),
        ("out/etc", "leads out"),
        ("../x", "must be a relative"),
    ):
        wrong = mount.replace("a/b", part)
        refused = docker("run", "--rm", "--network", "none", "--mount", wrong, "demo:1", "true", check=False)
        assert words in refused.stderr


def test_an_image_s_files_are_mounted_read_only(docker: Docker) -> None:
    docker("build", "-q", "-t", "tools:1", "-", stdin="FROM scratch\nCOPY <<END /etc/tool.conf\nfrom an image\nEND\n")
    try:
        mount = "type=image,src=tools:1,dst=/tools"
        shown = docker.run(
            "--mount", mount, "demo:1", "sh", "-c", "cat /tools/etc/tool.conf; touch /tools/x || echo refused"
        )
        assert shown == "from an image\nrefused"
        assert docker.run("--mount", f"{mount},image-subpath=etc", "demo:1", "ls", "/tools") == "tool.conf"
        docker("create", "--name", "user", "--mount", mount, "demo:1", "true")
        assert "is using its referenced image" in docker("rmi", "tools:1", check=False).stderr
        assert (
            docker.out("inspect", "-f", "{{(index .Mounts 0).Type}} {{(index .Mounts 0).RW}}", "user") == "image false"
        )
        docker("rm", "user")
    finally:
        docker("rmi", "-f", "tools:1")
    refused = docker("run", "--rm", "--mount", "type=image,src=tools:1,dst=/x", "demo:1", "true", check=False)
    assert "No such image: tools:1" in refused.stderr
