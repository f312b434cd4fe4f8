"""Who runs what, as whom, and what it leaves."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.kernel.attacks import Canary, Image
from tests.kernel.b05.attempts import EVIL, attempt
from tests.kernel.rig import Rig
from tests.kernel.webserver import Repository, git_daemon
from tests.ports import quiet_port


def test_other_frontends_are_not_run(builder: Rig) -> None:
    """``# syntax`` names an image that BuildKit would run with the build's rights."""
    for syntax in ("evil", "evil:1", "127.0.0.1:1/evil"):
        for text in (f"# syntax={syntax}\nFROM busybox:test\n", f"#syntax = {syntax}\n# escape=`\nFROM busybox:test\n"):
            assert "refused: # syntax=" in attempt(builder, text)
        argument = {"BUILDKIT_SYNTAX": syntax}
        assert "refused: " in attempt(builder, "FROM busybox:test\n", build_args=argument)
    text = f"# syntax=docker/dockerfile:1.99-labs\nFROM busybox:test\nRUN echo {uuid4()} here\n"
    assert "here" in attempt(builder, text)


def test_rights_are_not_taken(builder: Rig) -> None:
    for flag in ("--security=insecure", "--network=host", "--device=/dev/mem", "--device=vendor.com/gpu=all"):
        assert "refused: " in attempt(builder, f"FROM busybox:test\nRUN {flag} true\n")


GIT = [
    "{url}#--upload-pack=touch${{IFS}}{canary}/new",
    "{url}#-c",
    "{url}#../../etc",
    "{url}#main:../../..{canary}",
    "{url}#main:out",
    "{url}#main:sub/../../..",
    "{url}#main:out/inner",
    "ssh://-oProxyCommand=touch${{IFS}}{canary}/new/x.git",
    "git://-x/y.git",
    "git@-oProxyCommand=touch:x.git",
    "ext::sh -c touch% {canary}/new",
    "file://{canary}/repository.git",
]


@pytest.fixture(scope="module")
def hostile_repository(canary: Canary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A repository with links to the canary, and configuration that wants to run programs."""
    directory = tmp_path_factory.mktemp("git")
    repository = Repository(directory / "evil.git")
    (repository.path / "out").symlink_to(canary.path)
    (repository.path / "sub").mkdir()
    (repository.path / "file").write_text("x\n")
    (repository.path / ".gitattributes").write_text("* filter=evil\n*.x export-subst\n")
    (repository.path / ".gitmodules").write_text(
        f'[submodule "x"]\n\tpath = sub\n\turl = {canary.path}\n\tupdate = !touch {canary.path}/new\n'
    )
    repository.commit(sub__inner="x\n")
    port = quiet_port()
    with git_daemon(directory, port) as address:
        yield f"{address}/evil.git"


@pytest.mark.parametrize("source", GIT)
def test_repositories(builder: Rig, canary: Canary, hostile_repository: str, source: str) -> None:
    source = source.format(url=hostile_repository, canary=canary.path)
    text = attempt(builder, f'FROM {EVIL}\nADD ["{source}", "/x/"]\nRUN cat /x/file /x/out/file; true\n')
    assert "untouched" not in text


def test_a_repository_is_copied_as_it_is(builder: Rig, canary: Canary, hostile_repository: str) -> None:
    for destination in ("/x/", "/host/"):
        text = attempt(builder, f"FROM {EVIL}\nADD --keep-git-dir=true {hostile_repository} {destination}\n")
        assert "refused" not in text


# Owners, from files of the image


@pytest.mark.parametrize("kind", ["link", "fifo", "directory", "device", "huge", "loop"])
def test_password_files(builder: Rig, canary: Canary, context: Path, kind: str) -> None:
    image = Image().without("etc/passwd").without("etc/group")
    if kind == "link":
        image.link("etc/passwd", str(canary.path / "file")).link("etc/group", "../" * 9 + "etc/group")
    elif kind == "fifo":
        image.fifo("etc/passwd").fifo("etc/group")
    elif kind == "directory":
        image.directory("etc/passwd")
    elif kind == "device":
        image.device("etc/passwd", tarfile.CHRTYPE, 1, 5)
    elif kind == "huge":
        image.file("etc/passwd", b"x" * (30 << 20))
    else:
        image.link("etc/passwd", "passwd")
    name = image.load(builder)
    text = f"FROM {name}\nCOPY --chown=nobody:wheel file /x\nUSER nobody\nWORKDIR /made\nRUN id\n"
    assert "refused: " in attempt(builder, text, context)
    assert "refused: " in attempt(builder, f"FROM {name}\nUSER nobody\nWORKDIR /made\n", context)


# What a RUN leaves


def test_a_step_cannot_forge_whiteouts(builder: Rig) -> None:
    """A file called ``.wh.etc`` would delete /etc for whoever unpacks the layer."""
    for command in ("touch /.wh.etc", "mkdir /d; touch /d/.wh..wh..opq", "mkdir /.wh.bin", "ln -s x /.wh.bin"):
        text = attempt(builder, f"FROM busybox:test\nRUN {command}\nRUN ls -d /etc /bin\n")
        assert "refused: " in text or text == "/bin\n/etc\n"


def test_a_step_cannot_make_devices(builder: Rig) -> None:
    for command in ("mknod /d b 8 0", "mknod /d c 0 0", "mknod /dev/d c 1 1"):
        assert "refused: " in attempt(builder, f"FROM busybox:test\nRUN {command}\n")


LAUGHS = {
    "doubling": "ENV A=xxxxxxxxxx\n" + "ENV A=$A$A\n" * 40,
    "arguments": "ARG A=xxxxxxxxxx\n" + "".join(f"ARG A{n}=$A{n - 1 or ''}$A{n - 1 or ''}\n" for n in range(1, 40)),
    "replacing": "ENV A=" + "x" * 30_000 + "\nENV A=${A//x/$A}\n",
    "many": "ENV A=" + "x" * 60_000 + "\n" + "ENV B=$A$A\n" * 200,
    "labels": "ENV A=" + "x" * 60_000 + "\n" + "".join(f"LABEL l{n}=$A$A\n" for n in range(200)),
    "too long": "RUN true\n" * 120_000,
    "too many": "ENV A=\n" * 20_000,
}


@pytest.mark.parametrize("kind", LAUGHS)
def test_small_files_that_want_to_be_large(builder: Rig, kind: str) -> None:
    assert "refused: " in attempt(builder, f"FROM busybox:test\n{LAUGHS[kind]}")
    node = Path(f"/proc/{builder.pid('node')}/status").read_text()
    peak = next(int(line.split()[1]) for line in node.splitlines() if line.startswith("VmHWM"))
    assert peak < 600_000  # KiB; the first one alone would take ten tebibytes
