"""Parameters of requests."""

import pytest
from aiohttp.test_utils import make_mocked_request

from wherry.engine.registry.model import Refused
from wherry.registryapi.call import Call, location, next_link
from wherry.registryapi.paths import Kind, Target


def call(query: str) -> Call:
    return Call(make_mocked_request("GET", "/"), Target(Kind.CATALOG), query)


def test_parameters_are_decoded() -> None:
    assert call("a=b%2Fc&d=").parameter("a") == "b/c"
    assert call("a=b").parameter("x") == ""


@pytest.mark.parametrize("query", ["a=1&a=2", "&".join(f"a{n}=1" for n in range(50))])
def test_what_could_be_read_in_two_ways_or_is_too_much_is_refused(query: str) -> None:
    with pytest.raises(Refused):
        call(query)


@pytest.mark.parametrize(("query", "expected"), [("", 7), ("n=0", 0), ("n=100", 100)])
def test_a_count_has_a_default(query: str, expected: int) -> None:
    assert call(query).count(7, 100) == expected


@pytest.mark.parametrize("query", ["n=", "n=-1", "n=101", "n=x", "n=1e1", "n=%D9%A1", "n=" + "9" * 4000, "n=1.0"])
def test_other_counts_are_refused(query: str) -> None:
    with pytest.raises(Refused):
        call(query).count(7, 100)


def test_links_are_paths() -> None:
    assert location("a/b", "blobs", "sha256:0") == "/v2/a/b/blobs/sha256:0"
    assert next_link("/v2/_catalog", 2, "a/b", x="y z") == '</v2/_catalog?n=2&last=a%2Fb&x=y+z>; rel="next"'
