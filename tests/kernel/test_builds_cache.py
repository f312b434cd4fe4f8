"""The build cache: what is found again, what is not, and what is not even looked at."""

import io
import json
import os
import shutil
import tarfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from tests.kernel.builds import build, cached, content, layers, made, output
from tests.kernel.rig import Rig, wait_until
from wherry.linux.inotify import Inotify

ACCESS = 0x1  # IN_ACCESS
DOCKERFILE = """
FROM busybox:test
COPY . /app/
RUN cat /app/src/main > /result
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A context that nobody has built before."""
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    (project / "src/main").write_text(f"main {uuid4()}\n")
    (project / "src/other").write_text("other\n")
    (project / "program").write_text("#!/bin/sh\n")
    for path in (project, *project.rglob("*")):
        path.chmod(0o755)
    return project


@pytest.fixture
def token() -> str:
    """Makes a step one of its own."""
    return str(uuid4())


def test_nothing_of_a_new_project_is_cached_and_then_everything(builder: Rig, project: Path) -> None:
    first, second = made(builder, DOCKERFILE, project), made(builder, DOCKERFILE, project)
    assert cached(first) == [False, False, False]
    assert cached(second) == [False, True, True]  # FROM makes nothing
    assert first["id"] == second["id"]


def test_a_step_of_another_project_is_the_same_step(builder: Rig, project: Path, tmp_path: Path) -> None:
    made(builder, DOCKERFILE, project)
    shutil.copytree(project, tmp_path / "elsewhere")
    text = "# another file\nFROM busybox:test AS base\nFROM base\n" + DOCKERFILE.split("\n", 2)[2]
    again = made(builder, text, tmp_path / "elsewhere", tags=["other:1"])
    assert cached(again) == [False, False, True, True]


def test_the_context_moved(builder: Rig, project: Path, tmp_path: Path) -> None:
    first = made(builder, DOCKERFILE, project)
    second = made(builder, DOCKERFILE, project.rename(tmp_path / "moved"))
    assert cached(second)[1:] == [True, True]
    assert second["id"] == first["id"]


def test_a_context_that_comes_as_an_archive(builder: Rig, project: Path) -> None:
    made(builder, DOCKERFILE, project)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(project, ".")
    again = build(builder, {"dockerfile": DOCKERFILE}, buffer.getvalue())
    assert cached(again)[1:] == [True, True]


def test_files_that_were_touched(builder: Rig, project: Path) -> None:
    made(builder, DOCKERFILE, project)
    for path in project.rglob("*"):
        os.utime(path, (1, 1))
    assert cached(made(builder, DOCKERFILE, project))[1:] == [True, True]


def _content(project: Path) -> None:
    path = project / "src/main"
    times = path.stat()
    path.write_text("x" * (times.st_size - 1) + "\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # of the same size and time as before


def _mode(project: Path) -> None:
    (project / "program").chmod(0o700)


def _mode_of_directory(project: Path) -> None:
    (project / "src").chmod(0o700)


def _new_file(project: Path) -> None:
    (project / "new").touch()


def _name(project: Path) -> None:
    (project / "src/other").rename(project / "src/Other")


def _link(project: Path) -> None:
    (project / "src/other").unlink()
    (project / "src/other").symlink_to("main")


def _link_to_content(project: Path) -> None:
    (project / "program").unlink()
    (project / "program").symlink_to("src/main")


def _kind(project: Path) -> None:
    (project / "src/other").unlink()
    (project / "src/other").mkdir(0o755)


CHANGES = [_content, _mode, _mode_of_directory, _new_file, _name, _link, _link_to_content, _kind]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_files_that_changed(builder: Rig, project: Path, change: Callable[[Path], None]) -> None:
    before = made(builder, DOCKERFILE, project)
    change(project)
    after = made(builder, DOCKERFILE, project)
    assert cached(after)[1:] == [False, False]
    assert after["id"] != before["id"]
    assert content(builder, after, "/result") == (project / "src/main").read_text()


def test_only_what_is_copied_counts(builder: Rig, project: Path) -> None:
    text = "FROM busybox:test\nCOPY src/main /main\n"
    made(builder, text, project)
    for change in (_mode, _new_file, _name):
        change(project)
    assert cached(made(builder, text, project)) == [False, True]


def test_what_is_ignored_does_not_count(builder: Rig, project: Path) -> None:
    (project / ".dockerignore").write_text("log\n.dockerignore\n")
    made(builder, DOCKERFILE, project)
    (project / "log").write_text("new")
    assert cached(made(builder, DOCKERFILE, project))[1:] == [True, True]
    (project / ".dockerignore").write_text("# nothing\n")
    assert cached(made(builder, DOCKERFILE, project))[1:] == [False, False]


def test_a_build_argument_counts_from_where_it_is_declared(builder: Rig, token: str) -> None:
    text = f"FROM busybox:test\nRUN echo {token} > /a\nARG V\nRUN echo $V > /b\n"
    first = made(builder, text, build_args={"V": "1"})
    second = made(builder, text, build_args={"V": "2"})
    assert cached(second) == [False, True, False]
    assert [content(builder, built, "/b") for built in (first, second)] == ["1\n", "2\n"]
    assert cached(made(builder, text, build_args={"V": "1"})) == [False, True, True]


def test_proxies_do_not_count(builder: Rig, token: str) -> None:
    text = f"FROM busybox:test\nRUN echo {token} > /a; echo proxy=$http_proxy\n"
    first = made(builder, text, build_args={"http_proxy": "http://one"})
    assert "proxy=http://one" in output(first)
    assert cached(made(builder, text, build_args={"http_proxy": "http://two"})) == [False, True]


@pytest.mark.parametrize("line", ["ENV A=1", "USER bob", "WORKDIR /tmp", 'SHELL ["/bin/sh", "-ec"]', "LABEL a=b"])
def test_what_a_step_sees_counts_and_what_it_does_not_see_does_not(builder: Rig, token: str, line: str) -> None:
    step = f"RUN echo {token} {line.encode().hex()}; id -u\n"
    made(builder, f"FROM busybox:test\n{step}")
    second = made(builder, f"FROM busybox:test\n{line}\n{step}")
    assert cached(second)[-1] is (line == "LABEL a=b")


def test_another_base(builder: Rig, token: str) -> None:
    for tag in ("1", "2"):
        made(builder, f"FROM busybox:test\nRUN echo {tag} > /base\n", tags=[f"base-{token}:{tag}"])
    text = f"FROM base-{token}:TAG\nRUN cat /base > /copy\nCOPY <<EOF /file\n{token}\nEOF\n"
    first = made(builder, text.replace("TAG", "1"))
    second = made(builder, text.replace("TAG", "2"))
    assert cached(second) == [False, False, False]
    assert [content(builder, built, "/copy") for built in (first, second)] == ["1\n", "2\n"]
    assert cached(made(builder, text.replace("TAG", "1")))[1:] == [True, True]


def test_a_linked_copy_is_the_same_on_every_base(builder: Rig, token: str) -> None:
    copy = f"COPY --link <<EOF /d/file\n{token}\nEOF\n"
    text = f"FROM busybox:test\nRUN echo TAG-{token} > /base\n{copy}RUN cat /base /d/file\n"
    first, second = (made(builder, text.replace("TAG", tag)) for tag in ("1", "2"))
    assert cached(second) == [False, False, True, False]
    assert output(second) == f"2-{token}\n{token}\n"
    assert layers(builder, first["id"])[2] == layers(builder, second["id"])[2]
    assert [cached(made(builder, text.replace("TAG", tag))) for tag in ("1", "2")] == [[False, True, True, True]] * 2
    builder.wherry("builder", "prune", "--all", "--force")
    assert content(builder, second, "/d/file") == f"{token}\n"
    assert made(builder, text.replace("TAG", "2"))["id"] == second["id"]


def test_a_base_by_another_name(builder: Rig, token: str) -> None:
    made(builder, f"FROM busybox:test\nRUN echo {token}\n")
    builder.docker.api.tag("busybox:test", f"name-{token}", "1")
    assert cached(made(builder, f"FROM name-{token}:1\nRUN echo {token}\n")) == [False, True]


def test_no_cache_runs_everything_anew(builder: Rig, token: str) -> None:
    text = f"FROM busybox:test AS one\nRUN echo {token} > /a; date +%N > /b\nFROM one AS two\nRUN cat /b\n"
    made(builder, text)
    assert cached(made(builder, text)) == [False, True, False, True]
    again = made(builder, text, no_cache=True)
    assert cached(again) == [False] * 4
    assert cached(made(builder, text)) == [False, True, False, True]  # what was made anew counts from now on
    only = made(builder, text, no_cache_filter=["two"])
    assert cached(only) == [False, True, False, False]
    assert made(builder, text)["id"] == again["id"]


def test_what_is_copied_from_a_stage_counts_not_how_it_was_made(builder: Rig, token: str) -> None:
    text = (
        "FROM busybox:test AS made\nRUN echo {} > /log; echo {} > /file\nFROM busybox:test\nCOPY --from=made /file /\n"
    )
    made(builder, text.format("one", token))
    assert cached(made(builder, text.format("two", token))) == [False, False, False, True]
    assert cached(made(builder, text.format("two", "other"))) == [False, False, False, False]


def test_a_step_under_way_is_waited_for(builder: Rig, token: str) -> None:
    """Two builds at once that have a step in common run it once."""
    text = (
        f"FROM busybox:test\nRUN --mount=type=cache,id={token},target=/c echo run >> /c/log; sleep 0.5; echo x > /x\n"
    )
    with ThreadPoolExecutor() as pool:
        built = list(pool.map(lambda number: made(builder, text, labels={"n": str(number)}), range(3)))
    assert sorted(cached(one)[1] for one in built) == [False, True, True]
    count = f"FROM busybox:test\nRUN --mount=type=cache,id={token},target=/c wc -l < /c/log\n"
    assert output(made(builder, count)).strip() == "1"


def test_unchanged_files_are_not_read_again(builder: Rig, project: Path) -> None:
    for number in range(100):
        (project / f"src/file{number:03}").write_text(f"{number} {uuid4()}")
    changing = project / "changing"
    changing.mkdir()
    (changing / "file").write_text("old")
    text = "FROM busybox:test\nCOPY src /src/\nCOPY changing /changing/\n"
    made(builder, text, project)
    # What changed a moment before it was read is read once more (see digests.py).
    newest = max(path.stat().st_ctime for path in project.rglob("*"))
    wait_until(lambda: time.time() > newest + 0.3)
    made(builder, text, project)
    with Inotify() as watcher:
        files = {watcher.add(str(path), ACCESS): path.name for path in project.rglob("*") if path.is_file()}

        def read() -> set[str]:
            return {files[number] for number in watcher.changed() if number is not None}

        assert all(cached(made(builder, text, project))[1:])
        assert read() == set()
        os.utime(project / "src/file007")
        assert all(cached(made(builder, text, project))[1:])
        assert read() == {"file007"}
        (changing / "file").write_text("new")
        assert cached(made(builder, text, project)) == [False, True, False]
        assert read() <= {"file007", "file"}  # file007 was touched a moment ago


def test_what_changed_while_a_step_read_it_is_not_remembered(builder: Rig, project: Path, token: str) -> None:
    """Else whoever has the files as they were would get what was made of others."""
    wait = "touch /c/up; until [ -e /c/go ]; do sleep .05; done; cat /m/src/main > /result"
    text = f"FROM busybox:test\nRUN --mount=target=/m --mount=type=cache,id={token},target=/c {wait}\n"
    before = (project / "src/main").read_text()
    with ThreadPoolExecutor() as pool:
        building = pool.submit(made, builder, text, project)
        found = {"label": f"wherry.build.cache={token}"}
        (volume,) = wait_until(lambda: builder.docker.volumes.list(filters=found))
        cache = Path(volume.attrs["Mountpoint"])
        wait_until(lambda: (cache / "up").exists())
        (project / "src/main").write_text("changed\n")
        (cache / "go").touch()
        assert content(builder, building.result(), "/result") == "changed\n"
    (project / "src/main").write_text(before)
    again = made(builder, text, project)
    assert cached(again) == [False, False]
    assert content(builder, again, "/result") == before


# B06: what a pulled or loaded image says of itself is believed by nobody (CVE-2024-24557)


def rewritten(archive: bytes, old: str, new: str) -> bytes:
    """An image's archive with another text in its history, and everything that depends on that."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = {entry.name: tar.extractfile(entry).read() for entry in tar if entry.isfile()}  # type: ignore[union-attr]
    manifest = json.loads(files["manifest.json"])
    config = files[manifest[0]["Config"]].replace(old.encode(), new.encode())
    manifest[0]["Config"] = "config.json"
    kept = {name: files[name] for name in manifest[0]["Layers"]}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in {**kept, "config.json": config, "manifest.json": json.dumps(manifest).encode()}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("classic", [False, True], ids=["own", "docker"])
def test_a_loaded_image_with_the_same_history_is_no_cache(builder: Rig, token: str, classic: bool) -> None:
    evil = made(builder, f"FROM busybox:test\nRUN echo evil-{token} > /file\n", tags=[f"evil-{token}:1"])
    archive = b"".join(builder.docker.api.get_image(f"evil-{token}:1"))
    builder.docker.images.remove(f"evil-{token}:1")
    builder.wherry("builder", "prune", "--all", "--force")
    loaded = builder.docker.images.load(rewritten(archive, f"evil-{token}", f"good-{token}"))[0]
    loaded.tag(f"evil-{token}", "1")
    history = [entry["CreatedBy"] for entry in loaded.history()]
    text = f"FROM busybox:test\nRUN echo good-{token} > /file\n"
    assert any(f"good-{token}" in line for line in history)
    if classic:
        image, log = builder.docker.images.build(
            fileobj=io.BytesIO(text.encode()), cache_from=[f"evil-{token}:1"], tag=f"good-{token}:1"
        )
        assert not any("Using cache" in line.get("stream", "") for line in log)
        built = {"id": image.id}
    else:
        built = made(builder, text)
        assert cached(built) == [False, False]
    assert content(builder, built, "/file") == f"good-{token}\n"
    assert evil["id"] != built["id"] != loaded.id


def test_the_same_layers_loaded_are_no_cache_either(builder: Rig, token: str) -> None:
    """Also what was built here is no cache any more once the builder has forgotten it, whatever images there are."""
    text = f"FROM busybox:test\nRUN echo {token} > /file\n"
    built = made(builder, text, tags=[f"kept-{token}:1"])
    builder.wherry("builder", "prune", "--all", "--force")
    again = made(builder, text)
    assert cached(again) == [False, False]
    assert again["id"] == built["id"]
