"""WWW-Authenticate is read as servers write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.distribution.challenge import Challenge, parse


@pytest.mark.parametrize(
    ("fields", "challenges"),
    [
        (['Basic realm="Registry Realm"'], [Challenge("basic", {"realm": "Registry Realm"})]),
        (
            [
                'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'
            ],
            [
                Challenge(
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        (['BEARER Realm=a , SERVICE = "b\\"c"'], [Challenge("bearer", {"realm": "a", "service": 'b"c'})]),
        (
            ['Negotiate, Bearer realm="x", Basic realm="y"'],
            [Challenge("negotiate", {}), Challenge("bearer", {"realm": "x"}), Challenge("basic", {"realm": "y"})],
        ),
        (["Negotiate dG9rZW4=", "Basic"], [Challenge("negotiate", {}), Challenge("basic", {})]),
        (['Bearer realm="a",realm="b"'], [Challenge("bearer", {"realm": "a"})]),
        (['realm="a"'], []),
        (['Bearer realm="never ends'], [Challenge("bearer", {})]),
        (["", "  ", ",,,"], []),
        (["Basic " + "x" * 10_000], []),
    ],
)
def test_challenges(fields: list[str], challenges: list[Challenge]) -> None:
    assert parse(fields) == challenges


@given(st.lists(st.text(max_size=60), max_size=3))
def test_anything_is_read_without_a_fault(fields: list[str]) -> None:
    for challenge in parse(fields):
        assert challenge.scheme == challenge.scheme.lower()
