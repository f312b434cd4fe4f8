"""An address names one origin or is refused."""

import pytest

from wherry.http.urls import Origin, joined, shown
from wherry.kit.errors import Invalid


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://localhost/v2/", Origin("http", "localhost", 80)),
        ("https://Registry-1.Docker.IO/v2/", Origin("https", "registry-1.docker.io", 443)),
        ("https://a:5000", Origin("https", "a", 5000)),
        ("http://[::1]:5000/x?y#z", Origin("http", "::1", 5000)),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: Origin) -> None:
    assert Origin.of(url) == origin
    assert Origin.of(str(origin)) == origin


@pytest.mark.parametrize(
    "url",
    [
        "", "ftp://a/", "file:///etc/passwd", "//a/b", "/v2/", "https://", "https:///x", "http://a:99999/", "http://a:b/",
        "https://user@a/", "https://user:secret@a/", "http://a\\@b/", "http://a/\r\nHost: b", "http://a/ b", "http://ä/",
        "http://a/" + "x" * 20_000, "http://[::1/",
    ],
)  # fmt: skip
def test_what_is_no_servers_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        Origin.of(url)


def test_a_users_secret_is_not_repeated() -> None:
    with pytest.raises(Invalid) as caught:
        Origin.of("https://user:secret@a/")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/v2/demo/blobs/uploads/1?_state=x", "https://a:5000/v2/demo/blobs/uploads/1?_state=x"),
        ("uploads/1#part", "https://a:5000/v2/uploads/1"),
        ("https://b/x", "https://b/x"),
        ("//b/x", "https://b/x"),
    ],
)
def test_a_location_is_relative_to_the_request(location: str, url: str) -> None:
    assert joined("https://a:5000/v2/demo", location) == url


@pytest.mark.parametrize("location", ["file:///etc/passwd", "https://user@b/", "javascript:alert(1)", "http://[x/"])
def test_a_location_leads_to_a_server_only(location: str) -> None:
    with pytest.raises(Invalid):
        joined("https://a/", location)


def test_signatures_are_not_shown() -> None:
    assert shown("https://a/x?signature=secret") == "https://a/x"
