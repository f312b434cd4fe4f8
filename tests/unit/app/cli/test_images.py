"""``images``, ``history``, ``import``, ``load``, ``save``, ``tag``, ``rmi``."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.app.cli.conftest import Daemon, Wherry
from wherry.app.cli.images import _split, image_rows
from wherry.kit.errors import Invalid

ID = "sha256:" + "1" * 64
IMAGE: dict[str, Any] = {
    "Id": ID,
    "RepoTags": ["demo:1", "localhost:5000/demo:2"],
    "RepoDigests": ["demo@sha256:abc"],
    "Created": 1000,
    "Size": 5_000_000,
}


def rows(whole: bool = False, digests: bool = False, **changes: Any) -> list[tuple[str, str, str]]:
    found = image_rows(IMAGE | changes, 8200.0, whole, digests)
    return [(row["Repository"], row["Tag"], row["Digest"]) for row in found]


def test_an_image_has_a_row_for_each_of_its_tags() -> None:
    assert rows() == [("demo", "1", "<none>"), ("localhost:5000/demo", "2", "<none>")]
    assert rows(digests=True)[0] == ("demo", "1", "sha256:abc")


def test_an_image_without_a_tag_has_one_row() -> None:
    assert rows(RepoTags=[], digests=True) == [("demo", "<none>", "sha256:abc")]
    assert rows(RepoTags=["<none>:<none>"], RepoDigests=None) == [("<none>", "<none>", "<none>")]
    assert rows(RepoTags=None, RepoDigests=[]) == [("<none>", "<none>", "<none>")]


def test_a_row_is_for_people() -> None:
    (row, _) = image_rows(IMAGE, 8200.0, False, False)
    assert (row["ID"], row["Size"], row["CreatedSince"]) == ("1" * 12, "5MB", "2 hours ago")
    (whole, _) = image_rows(IMAGE | {"Created": 0}, 8200.0, True, False)
    assert (whole["ID"], whole["CreatedSince"]) == (ID, "N/A")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("demo", ("demo", "", "")),
        ("demo:1", ("demo", ":", "1")),
        ("localhost:5000/demo", ("localhost:5000/demo", "", "")),
        ("localhost:5000/me/demo:1", ("localhost:5000/me/demo", ":", "1")),
        ("", ("", "", "")),
    ],
)
def test_a_tag_is_behind_the_last_slash(text: str, expected: tuple[str, str, str]) -> None:
    assert _split(text) == expected


def test_images_are_listed(daemon: Daemon, wherry: Wherry) -> None:
    result = wherry("images", "demo", "-a", "--filter", "label=a=b")
    assert daemon.images.calls == [("list", {"label": ["a=b"], "reference": ["demo"]}, True)]
    heading, line = result.out.splitlines()
    assert heading.split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    assert line.split()[:3] == ["demo", "1", "1" * 12]
    assert wherry("images", "-q").out == "1" * 12 + "\n"
    assert wherry("images", "--no-trunc", "--format", "{{.ID}}").out == ID + "\n"
    assert "DIGEST" in wherry("images", "--digests").out


def test_a_history_is_shown_for_people_and_for_programs(daemon: Daemon, wherry: Wherry) -> None:
    result = wherry("history", "demo:1")
    assert result.out.splitlines()[1].split()[0] == "1" * 12
    assert "CMD x" in result.out
    exact = wherry("history", "--no-human", "--no-trunc", "--format", "{{.ID}} {{.Size}} {{.CreatedSince}}", "demo:1")
    assert exact.out == f"{ID} 3 1970-01-01T00:00:01+00:00\n"
    assert wherry("history", "-q", "demo:1").out == "1" * 12 + "\n"
    assert wherry("history", "absent").err.endswith("No such image: absent\n")


@pytest.mark.parametrize("source", ["-", "file"])
def test_an_archive_is_imported_from_a_file_or_stdin(
    daemon: Daemon, wherry: Wherry, tmp_path: Path, source: str
) -> None:
    data = b"tar" * 100_000
    (tmp_path / "a.tar").write_bytes(data)
    path = "-" if source == "-" else str(tmp_path / "a.tar")
    result = wherry(
        "import", "-c", "CMD x", "-m", "why", "--platform", "linux/arm64", path, "host:5000/demo:2", stdin=data
    )
    assert result.out == ID + "\n"
    assert daemon.images.calls == [("import", data, "host:5000/demo", "2", ["CMD x"], "why", "linux/arm64")]


def test_an_import_that_fails_says_why(daemon: Daemon, wherry: Wherry) -> None:
    daemon.images.error = Invalid("archive/tar: invalid tar header")
    result = wherry("import", "-", stdin=b"rubbish")
    assert (result.code, result.out) == (1, "")
    assert result.err == "wherry: Error response from daemon: archive/tar: invalid tar header\n"
    assert "open /no/such: no such file" in wherry("import", "/no/such").err


def test_a_load_tells_what_it_loads_and_what_went_wrong(daemon: Daemon, wherry: Wherry) -> None:
    assert wherry("load", stdin=b"demo:1").out == "Loaded image: demo:1\n"
    daemon.images.error = Invalid("layer is broken")
    result = wherry("load", stdin=b"demo:1")
    assert (result.code, result.out) == (1, "Loaded image: demo:1\n")
    assert "layer is broken" in result.err


def test_a_save_goes_to_stdout_or_to_a_file(daemon: Daemon, wherry: Wherry, tmp_path: Path) -> None:
    assert wherry("save", "demo:1", "demo:1").out == ID * 2
    target = tmp_path / "saved.tar"
    assert wherry("save", "-o", str(target), "demo:1").out == ""
    assert target.read_text() == ID


def test_a_save_that_fails_leaves_what_was_there(daemon: Daemon, wherry: Wherry, tmp_path: Path) -> None:
    target = tmp_path / "saved.tar"
    target.write_text("before")
    result = wherry("save", "-o", str(target), "absent")
    assert result.code == 1
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.glob("*.part")] == []


@pytest.mark.parametrize(("target", "tag"), [("host:5000/demo:2", "2"), ("host:5000/demo", "latest")])
def test_an_image_gets_another_name(daemon: Daemon, wherry: Wherry, target: str, tag: str) -> None:
    result = wherry("tag", "demo:1", target)
    assert (result.code, result.out) == (0, "")
    assert daemon.images.calls == [("tag", "demo:1", "host:5000/demo", tag)]


def test_images_are_removed_one_after_the_other(daemon: Daemon, wherry: Wherry) -> None:
    result = wherry("rmi", "-f", "--no-prune", "demo:1", "me/other:2")
    assert result.out == "Untagged: demo:1\nUntagged: me/other:2\n"
    assert daemon.images.calls == [("remove", "demo:1", True, False), ("remove", "me/other:2", True, False)]
