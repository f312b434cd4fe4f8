"""Names of pools, attributes and shares."""

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.devices import naming
from wherry.kube.machinery.fielderrors import Path

AT = Path("at")


def test_a_pool() -> None:
    assert said(naming.pool_name(AT, "node-1/gpus")) == []
    assert said(naming.pool_name(AT, "")) == ["at: Required value"]
    assert said(naming.pool_name(AT, "a/" * 126 + "aa")) == ["at: Too long: may not be more than 253 bytes"]
    (error,) = said(naming.pool_name(AT, "a/B"))
    assert error.startswith('at: Invalid value: "B": a lowercase RFC 1123 subdomain must consist of')


@pytest.mark.parametrize(
    ("name", "errors"),
    [
        ("memory", []),
        ("gpu.example.com/memory", []),
        ("/memory", ['at: Invalid value: "": the domain must not be empty']),
        ("example.com/", ['at: Invalid value: "": the name must not be empty']),
        ("a/b/c", ['at: Invalid value: "a/b/c": must not contain more than one slash']),
        ("a" * 33, ["at: Too long: may not be more than 32 bytes"]),
    ],
)
def test_a_qualified_name(name: str, errors: list[str]) -> None:
    assert said(naming.qualified_name(AT, name)) == errors


def test_the_name_of_an_attribute_is_an_identifier() -> None:
    (error,) = said(naming.qualified_name(AT, "a-b"))
    assert error.startswith('at: Invalid value: "a-b": a valid C identifier must start with alphabetic character')


def test_a_name_with_its_domain() -> None:
    assert said(naming.domain_and_name(AT, "example.com/a")) == []
    assert said(naming.domain_and_name(AT, "a")) == [
        'at: Invalid value: "a": a fully qualified name must be a domain and a name separated by a slash'
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, ""),
        ("12345678-1234-1234-1234-1234567890ab", ""),
        ("12345678-1234-1234-1234-1234567890AB", "uid must be in RFC 4122 normalized form"),
        ("x", "error validating uid: invalid UUID format"),
    ],
)
def test_a_share(text: str | None, complaint: str) -> None:
    found = said(naming.share_id(AT, text))
    assert found[0].startswith(f'at: Invalid value: "{text}": {complaint}') if complaint else not found


def test_other_names() -> None:
    assert said(naming.class_name(AT, "")) == ["at: Required value"]
    assert said(naming.label_name(AT, "example.com/a")) == said(naming.request_name(AT, "a")) == []


def test_a_long_key_lacks_its_middle() -> None:
    assert naming.shortened("abc") == "abc"
    assert naming.shortened("a" * 20 + "b" * 20, 16) == "a" * 7 + "..." + "b" * 6
