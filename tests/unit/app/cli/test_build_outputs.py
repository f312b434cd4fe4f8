"""What becomes of a build besides an image of the engine."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from wherry.app.cli.build_outputs import Output, deliver, parse_output
from wherry.app.client import ApiError, Client


def archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("d/file")
        entry.size, entry.uid, entry.gid = 4, os.getuid(), os.getgid()
        tar.addfile(entry, io.BytesIO(b"text"))
    return buffer.getvalue()


class FakeDaemon:
    """Gives ``archive()`` for every image and container; ``asked`` is what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False

    def request(self, method: str, path: str) -> Any:
        self.asked.append(f"{method} {path}")
        if self.fails:
            raise ApiError(500, "no")
        outer = self

        class Answer:
            def __enter__(self) -> "Answer":
                return self

            def __exit__(self, *_: object) -> None:
                outer.asked.append("closed")

            def pieces(self) -> Iterator[bytes]:
                data = archive()
                yield from (data[at : at + 700] for at in range(0, len(data), 700))

        return Answer()

    def post(self, path: str, query: Any, body: Any) -> Any:
        self.asked.append(f"POST {path} {body['Image']}")
        return {"Id": "c"}

    def delete(self, path: str, query: Any) -> None:
        self.asked.append(f"DELETE {path}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("out", Output("local", "out")),
        ("-", Output("tar", "-")),
        ("type=local,dest=out", Output("local", "out")),
        ("type=tar,dest=x.tar", Output("tar", "x.tar")),
        ("type=oci,dest=x.tar,name=a:1", Output("oci", "x.tar", ("a:1",))),
        ("type=docker", Output("docker")),
        ("type=image,name=a", Output("image", "", ("a",))),
        ('type=image,"name=a,b"', Output("image", "", ("a", "b"))),
        ("type=image,push=true", Output("image", push=True)),
        ("type=registry", Output("registry", push=True)),
        ("type=cacheonly", Output("cacheonly")),
    ],
)
def test_outputs(text: str, expected: Output) -> None:
    assert parse_output(text) == expected


@pytest.mark.parametrize("text", ["type=odd", "dest=x", "type=local", "type=oci", "type=tar,dest=", "type=image,x"])
def test_outputs_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"output|expected key=value"):
        parse_output(text)


def test_what_stays_in_the_engine() -> None:
    stays = {text: parse_output(text).keeps_image for text in ("type=image", "type=docker", "type=registry")}
    assert all(stays.values())
    gone = ("out", "-", "type=cacheonly", "type=docker,dest=x", "type=oci,dest=x")
    assert not any(parse_output(text).keeps_image for text in gone)


def given(text: str) -> FakeDaemon:
    daemon = FakeDaemon()
    deliver(cast(Client, daemon), "sha256:1", [parse_output(text)])
    return daemon


def test_an_archive_of_the_image(tmp_path: Path) -> None:
    daemon = given(f"type=oci,dest={tmp_path}/x.tar,name=a:1")
    assert (tmp_path / "x.tar").read_bytes() == archive()
    assert daemon.asked == ["GET /images/a:1/get", "closed"]
    assert given(f"type=docker,dest={tmp_path}/y.tar").asked[0] == "GET /images/sha256:1/get"


def test_the_files(tmp_path: Path) -> None:
    daemon = given(f"type=local,dest={tmp_path}/new/out")
    assert (tmp_path / "new/out/d/file").read_text() == "text"
    assert daemon.asked == [
        "POST /containers/create sha256:1", "GET /containers/c/export", "closed", "DELETE /containers/c"
    ]  # fmt: skip
    given(f"type=tar,dest={tmp_path}/x.tar")
    assert (tmp_path / "x.tar").read_bytes() == archive()


def test_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    given("-")
    assert capfdbinary.readouterr().out == archive()


def test_the_container_goes_whatever_happens(tmp_path: Path) -> None:
    daemon = FakeDaemon()
    daemon.fails = True
    with pytest.raises(ApiError):
        deliver(cast(Client, daemon), "sha256:1", [Output("local", str(tmp_path))])
    assert daemon.asked[-1] == "DELETE /containers/c"


def test_an_image_needs_no_delivery() -> None:
    for text in ("type=image", "type=docker", "type=registry", "type=cacheonly"):
        assert given(text).asked == []
