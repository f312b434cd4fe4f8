"""Where a webhook is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.webhooks.clients import default_client, validate_client, validate_url
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

AT = Path("at")
FORM = "; desired format: https://host[/path]"
SERVICE = {"namespace": "default", "name": "hook"}


def test_a_service_listens_where_https_does() -> None:
    client: Object = {"service": {}}
    default_client(client)
    assert client == {"service": {"port": 443}}
    default_client({})


@pytest.mark.parametrize(
    ("client", "errors"),
    [
        ({"url": "https://example.com/check"}, []),
        ({"service": SERVICE}, []),
        ({"service": {**SERVICE, "path": "/a/b/"}}, []),
        ({}, ["at: Required value: exactly one of url or service is required"]),
        ({"url": "https://a", "service": SERVICE}, ["at: Required value: exactly one of url or service is required"]),
        ({"url": "http://a"},
         [f"at.url: Invalid value: \"http\": 'https' is the only allowed URL scheme{FORM}"]),
        ({"url": "https:///a"}, [f'at.url: Invalid value: "": host must be specified{FORM}']),
        ({"url": "https://me:secret@a"},
         ['at.url: Invalid value: "me:secret": user information is not permitted in the URL']),
        ({"url": "https://a#b"}, ['at.url: Invalid value: "b": fragments are not permitted in the URL']),
        ({"url": "https://a?b=c"}, ['at.url: Invalid value: "b=c": query parameters are not permitted in the URL']),
        ({"service": {"port": 0}},
         ["at.service.name: Required value", "at.service.namespace: Required value",
          "at.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive"]),
        ({"service": {**SERVICE, "path": "a"}},
         ["at.service.path: Invalid value: \"a\": must start with a '/'",
          'at.service.path: Invalid value: "a": segment[0] may not be empty']),
        ({"service": {**SERVICE, "path": "//"}},
         ['at.service.path: Invalid value: "//": segment[0] may not be empty']),
        ({"service": {**SERVICE, "path": "/a//b"}},
         ['at.service.path: Invalid value: "/a//b": segment[1] may not be empty']),
    ],
)  # fmt: skip
def test_a_client(client: Object, errors: list[str]) -> None:
    assert said(validate_client(client, AT)) == errors


def test_a_url_that_is_none() -> None:
    (error,) = said(validate_url("https://[::1", AT))
    assert error.startswith("at: Required value: url must be a valid URL: ")


@given(st.text())
def test_any_text_is_a_url_or_none(text: str) -> None:
    assert isinstance(validate_url(text, AT), list)
