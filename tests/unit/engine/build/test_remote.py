"""ADD from elsewhere: names, checksums, times. The servers are in tests/kernel/test_builds_remote.py."""

from typing import Any, cast

import pytest

from wherry.engine.build.remote import _checksum, _name, _time, is_remote
from wherry.http.client import Answer
from wherry.kit.errors import Invalid


def answer(**headers: str) -> Answer:
    class Fake:
        def __init__(self) -> None:
            self.headers = {name.replace("_", "-").title(): value for name, value in headers.items()}

    return cast(Answer, cast(Any, Fake()))


@pytest.mark.parametrize(
    ("source", "expected"),
    [("http://h/x", True), ("https://h/x", True), ("git://h/x", True), ("x", False), ("ftp://h/x", False)],
)
def test_what_is_remote(source: str, expected: bool) -> None:
    assert is_remote(source) is expected


@pytest.mark.parametrize(
    ("url", "disposition", "name"),
    [
        ("http://h/a/b.txt?x=1#y", "", "b.txt"),
        ("http://h/a%20b", "", "a b"),
        ("http://h/x", 'attachment; filename="real name.txt"; x=1', "real name.txt"),
        ("http://h/x", "attachment; filename=plain.txt; x=1", "plain.txt"),
        ("http://h/x", 'attachment; filename="/etc/passwd"', "passwd"),
        ("http://h/x", 'attachment; filename="../.."', "x"),
        ("http://h/%2e%2e", "", "download"),
        ("http://h/", "", "download"),
        ("http://h", "", "download"),
        ("http://h/a%00b", "", "download"),
    ],
)
def test_names(url: str, disposition: str, name: str) -> None:
    assert _name(url, answer(content_disposition=disposition), "/x") == name


def test_a_directory_needs_a_name() -> None:
    with pytest.raises(Invalid, match="cannot determine filename"):
        _name("http://h/", answer(), "/x/")


def test_checksums() -> None:
    assert _checksum("") is None
    assert _checksum("sha256:" + "a" * 64) == ("sha256", "a" * 64)
    for wrong in ("sha256:", "sha256:" + "a" * 63, "sha512:" + "a" * 64, "md5:" + "a" * 32, "sha256:" + "A" * 64, "x"):
        with pytest.raises(Invalid, match="invalid checksum"):
            _checksum(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1445412480),
        ("Thu, 01 Jan 1960 00:00:00 GMT", 0),
        ("yesterday", None),
        ("", None),
        ("Wed, 99 Oct 99999 07:28:00 GMT", None),
    ],
)
def test_times(text: str, expected: int | None) -> None:
    assert _time(answer(last_modified=text)) == expected
