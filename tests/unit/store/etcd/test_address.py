"""Addresses of an etcd."""

from pathlib import Path

import pytest

from wherry.kit.errors import Invalid
from wherry.store.etcd.address import Address, parse

FILES = "ca=/c/ca.crt&cert=/c/us.crt&key=/c/us.key"
PATHS = (Path("/c/ca.crt"), Path("/c/us.crt"), Path("/c/us.key"))


@pytest.mark.parametrize(
    ("url", "endpoints", "prefix"),
    [
        (f"etcd://one?{FILES}", ("one:2379",), "/wherry/"),
        (f"etcd://one/?{FILES}", ("one:2379",), "/wherry/"),
        (f"etcd://one:1,two,10.0.0.3:3/my/cluster?{FILES}", ("one:1", "two:2379", "10.0.0.3:3"), "/my/cluster/"),
        (f"etcd://[::1]:5,[fe80::1]/a%20b/?{FILES}", ("[::1]:5", "[fe80::1]:2379"), "/a b/"),
    ],
)
def test_an_address_is_read(url: str, endpoints: tuple[str, ...], prefix: str) -> None:
    assert parse(url) == Address(endpoints, *PATHS, prefix)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        (f"https://one?{FILES}", "is no address of an etcd"),
        (f"etcd:///prefix?{FILES}", "is no address of an etcd"),
        ("etcd://one", "needs ca, cert, key"),
        ("etcd://one?ca=/c&cert=&key=/k", "needs cert"),
        (f"etcd://one?{FILES}&user=me", "not user"),
        (f"etcd://me:secret@one?{FILES}", "not with a password"),
        (f"etcd://one:0?{FILES}", "no port"),
        (f"etcd://one:x?{FILES}", "no port"),
        (f"etcd://one:65536?{FILES}", "no port"),
        (f"etcd://one,,two?{FILES}", "is no HOST:PORT"),
        (f"etcd://:2379?{FILES}", "is no HOST:PORT"),
        (f"etcd://::1?{FILES}", "is no HOST:PORT"),
    ],
)
def test_what_is_wrong_is_said(url: str, complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        parse(url)
