"""Questions and answers in DNS's wire format."""

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.networks import question
from wherry.engine.networks.question import AAAA, PTR, A, Question


def asked(name: str, kind: int = A, flags: int = 0x0100, count: int = 1, internet: int = 1) -> bytes:
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split(".") if label)
    return struct.pack(">HHHHHH", 7, flags, count, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, internet)


def read(message: bytes) -> Question:
    found = question.read(message)
    assert found is not None
    return found


def test_a_question_is_read() -> None:
    message = asked("DB.Front")
    assert read(message) == Question("db.front", A, len(message))
    assert read(message + b"more") == Question("db.front", A, len(message))
    assert read(asked("")).name == ""


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0" * 12,
        asked("db", flags=0x8180),
        asked("db", flags=0x2800),
        asked("db", count=2),
        asked("db", internet=3),
        asked("db")[:-1],
        asked("db")[:14],
        asked("db").replace(b"\x02db", b"\xc0\x0cb"),
    ],
)
def test_anything_else_is_none(message: bytes) -> None:
    assert question.read(message) is None


@given(st.binary(max_size=80))
def test_no_bytes_break_it(data: bytes) -> None:
    found = question.read(data)
    assert found is None or ((found.end <= len(data) and found.address is None) or found.kind == PTR)


@pytest.mark.parametrize(
    ("name", "kind", "address"),
    [
        ("5.0.9.10.in-addr.arpa", PTR, IPv4Address("10.9.0.5")),
        ("5.0.9.10.in-addr.arpa", A, None),
        ("0.9.10.in-addr.arpa", PTR, None),
        (f"5.{'0.' * 27}0.0.d.f.ip6.arpa", PTR, IPv6Address("fd00::5")),
        ("5.0.d.f.ip6.arpa", PTR, None),
        (f"x.{'0.' * 27}0.0.d.f.ip6.arpa", PTR, None),
        ("x.0.9.10.in-addr.arpa", PTR, None),
        ("db", PTR, None),
    ],
)
def test_whose_name_is_asked_for(name: str, kind: int, address: IPv4Address | IPv6Address | None) -> None:
    assert Question(name, kind, 0).address == address


def test_an_answer_has_the_question_and_the_addresses() -> None:
    message = asked("db") + b"additional"
    answer = question.addresses(message, read(message), [IPv4Address("10.9.0.5"), IPv4Address("10.9.0.6")])
    number, flags, questions, answers, *rest = struct.unpack_from(">HHHHHH", answer)
    assert (number, flags, questions, answers, rest) == (7, 0x8180, 1, 2, [0, 0])
    assert answer[12:].startswith(asked("db")[12:])
    assert answer.endswith(b"\xc0\x0c\0\x01\0\x01\0\0\x02\x58\0\x04\x0a\x09\0\x06")


def test_of_the_other_family_there_are_none() -> None:
    message = asked("db", AAAA)
    answer = question.addresses(message, read(message), [IPv4Address("10.9.0.5")])
    assert struct.unpack_from(">HHHH", answer)[1:] == (0x8180, 1, 0)


def test_those_of_the_family_that_is_asked_for_are_told() -> None:
    message = asked("db", AAAA)
    answer = question.addresses(message, read(message), [IPv4Address("10.9.0.5"), IPv6Address("fd00::5")])
    assert struct.unpack_from(">HHHH", answer)[1:] == (0x8180, 1, 1)
    assert answer.endswith(b"\xc0\x0c\0\x1c\0\x01\0\0\x02\x58\0\x10" + IPv6Address("fd00::5").packed)


def test_an_address_has_a_name() -> None:
    message = asked("5.0.9.10.in-addr.arpa", PTR)
    answer = question.name(message, read(message), "db.front")
    assert answer.endswith(b"\0\x0a\x02db\x05front\0")


def test_a_failure_is_one() -> None:
    message = asked("db", flags=0)
    assert struct.unpack_from(">HHHH", question.failure(message, read(message)))[1:] == (0x8082, 1, 0)
