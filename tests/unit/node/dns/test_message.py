"""Messages, well and ill formed."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.node.dns import wires
from wherry.node.dns import records
from wherry.node.dns.message import (
    Answer,
    Malformed,
    encode,
    formerr,
    opt,
    parse_query,
    parse_reply,
    read_name,
    refusal,
)
from wherry.node.dns.names import name
from wherry.node.dns.records import Code, Record, Type

WEB = "web.default.svc.cluster.local"


def test_a_query_is_read_with_its_extensions() -> None:
    found = parse_query(wires.query("WeB.example.org", 28, id_=9, edns=4096, do=True))
    assert (found.id, found.name, found.type, found.klass) == (9, name("web.example.org"), 28, 1)
    assert (found.edns, found.size, found.wants_signatures, found.opcode) == (True, 4096, True, 0)
    assert found.question == wires.label_wire("WeB.example.org") + b"\0\x1c\0\1"
    plain = parse_query(wires.query("a"))
    assert (plain.edns, plain.size) == (False, 512)
    assert parse_query(wires.query("a", edns=0)).size == 512


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\0" * 11,
        wires.query("a", flags=0x8100),
        struct.pack("!HHHHHH", 1, 0, 2, 0, 0, 0) + b"\0\0\1\0\1",
        wires.query("a")[:-1],
        struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1",
        struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 0) + b"\x80a\0\1\0\1",
        struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 2) + b"\0\0\1\0\1" + wires.OPT * 2,
        struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 1) + b"\0\0\1\0\1" + wires.OPT[:-1] + b"\5",
        struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 0) + b"\x3f" + b"a" * 10,
        struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 0) + (b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1",
    ],
)
def test_what_is_no_query_is_refused(bad: bytes) -> None:
    with pytest.raises(Malformed):
        parse_query(bad)


def test_what_looks_like_a_query_is_told_so_and_an_answer_never_is() -> None:
    told = formerr(wires.query("a", id_=5)[:-2])
    assert told is not None
    assert struct.unpack("!HHHHHH", told) == (5, 0x8101, 0, 0, 0, 0)
    assert formerr(wires.query("a", flags=0x8000)) is None
    assert formerr(b"short") is None


def test_an_answer_has_the_question_as_it_was_written_and_compressed_owners() -> None:
    asked = parse_query(wires.query("WEB.Default.svc.cluster.local", edns=1232))
    found = encode(asked, Answer(answers=[records.address(asked.name, f"10.0.0.{n}", 30) for n in (1, 2)]), 1232)
    head = struct.unpack("!HHHHHH", found[:12])
    assert head == (7, 0x8580, 1, 2, 0, 1)
    assert found[12 : 12 + len(asked.question)] == asked.question
    assert found[12 + len(asked.question) :] == (
        wires.rr(wires.QUESTION, 1, 30, b"\x0a\0\0\1") + wires.rr(wires.QUESTION, 1, 30, b"\x0a\0\0\2") + opt()
    )


def test_what_does_not_fit_is_truncated_and_helpful_records_go_first() -> None:
    asked = parse_query(wires.query(WEB))
    answers = [records.address(asked.name, f"10.0.0.{n}", 30) for n in range(20)]
    whole = encode(asked, Answer(answers=answers), 512)
    assert len(whole) <= 512
    assert whole[2] & 2 == 0
    helpful = encode(asked, Answer(answers=answers, more=answers), 512)
    assert struct.unpack("!HHHH", helpful[4:12]) == (1, 20, 0, 0)
    cut = encode(asked, Answer(answers=answers * 2), 512)
    assert cut[2] & 2
    assert struct.unpack("!HHHH", cut[4:12]) == (1, 0, 0, 0)


def test_refusals_keep_the_extended_code() -> None:
    asked = parse_query(wires.query("a", edns=1232))
    found = refusal(asked, Code.BADVERS)
    assert found[3] & 15 == 0
    assert found.endswith(b"\0" + struct.pack("!HHIH", 41, 1232, 1 << 24, 0))


def test_a_reply_is_taken_apart_and_loses_its_extension_record() -> None:
    asked = wires.query("www.example.org")
    alias = wires.rr(wires.QUESTION, 5, 20, b"\3web" + b"\xc0\x10")
    data = wires.reply(asked, [alias, wires.address(1, 2, 3, 4)], [wires.soa()], [wires.OPT])
    found = parse_reply(data)
    assert (found.code, found.truncated, found.name, found.type) == (0, False, name("www.example.org"), 1)
    assert [record.data for record in found.answers] == [wires.label_wire("web.example.org"), b"\1\2\3\4"]
    assert found.authority[0].type == Type.SOA
    assert struct.unpack("!HHHH", found.data[4:12]) == (1, 2, 1, 0)
    assert len(found.data) == len(data) - len(wires.OPT)
    assert [int.from_bytes(found.data[place : place + 4], "big") for place in found.ttls] == [20, 60, 60]


def test_an_extension_record_in_the_middle_is_taken_out_as_well() -> None:
    asked = wires.query("www.example.org")
    code = b"\0" + struct.pack("!HHIH", 41, 512, 1 << 24, 0)
    behind = wires.rr(b"\1x\xc0\x10", 1, 9, b"\4\3\2\1")
    found = parse_reply(wires.reply(asked, [wires.address(1, 2, 3, 4)], (), [code, behind, behind]))
    assert found.code == 16
    assert struct.unpack("!HHHH", found.data[4:12]) == (1, 1, 0, 2)
    assert parse_reply(found.data).answers == found.answers


@pytest.mark.parametrize(
    "bad",
    [
        wires.query("a"),
        wires.reply(wires.query("a"), [wires.address(1, 2, 3, 4)])[:-1],
        wires.reply(wires.query("a"), [wires.rr(wires.QUESTION, 5, 1, b"\xc0")]),
        wires.reply(wires.query("a"), [wires.rr(wires.QUESTION, 5, 1, b"\3ab")]),
        wires.reply(wires.query("a"), (), (), [wires.OPT, wires.OPT]),
    ],
)
def test_what_is_no_reply_is_refused(bad: bytes) -> None:
    with pytest.raises(Malformed):
        parse_reply(bad)


def test_pointers_lead_back_only() -> None:
    assert read_name(b"\1a\0\1b\xc0\0", 3) == ((b"b", b"a"), 7)
    for bad in (b"\xc0\0", b"\1a\xc0\0", b"\xc0\2\xc0\0", b"\xc0"):
        with pytest.raises(Malformed):
            read_name(bad, 0)


@given(st.binary(max_size=200))
@example(b"\0\1\0\0\0\1\0\0\0\0\0\1\0\0\1\0\1\0\0\x29\x10\0\0\0\0\0\0\0")
def test_n07_whatever_comes_in_is_read_or_refused(data: bytes) -> None:
    for read in (parse_query, parse_reply):
        try:
            read(data)
        except Malformed:
            pass
    formerr(data)


@given(st.binary(max_size=60), st.integers(0, 100), st.integers(0, 255))
def test_n07_so_are_messages_with_a_part_that_is_wrong(noise: bytes, place: int, byte: int) -> None:
    asked = wires.query("www.example.org", edns=1232)
    answer = wires.reply(asked, [wires.address(1, 2, 3, 4)], [wires.soa()], [wires.OPT])
    for whole in (asked, answer):
        at = place % len(whole)
        for data in (whole[:at] + bytes((byte,)) + whole[at + 1 :], whole[:at] + noise + whole[at:], whole[:at]):
            for read in (parse_query, parse_reply):
                try:
                    found = read(data)
                except Malformed:
                    continue
                assert len(found.name) < 128


LABELS = st.lists(st.binary(min_size=1, max_size=20).map(bytes.lower), max_size=6).map(tuple)


@given(LABELS, st.lists(st.tuples(LABELS, st.integers(0, 1 << 31), st.binary(max_size=20)), max_size=6))
def test_what_is_written_is_read_again(
    asked: tuple[bytes, ...], given_records: list[tuple[tuple[bytes, ...], int, bytes]]
) -> None:
    wire = b"".join(bytes((len(label),)) + label for label in asked) + b"\0"
    query = parse_query(struct.pack("!HHHHHH", 3, 0x0100, 1, 0, 0, 0) + wire + b"\0\x10\0\1")
    wanted = [Record(owner, Type.TXT, ttl, data) for owner, ttl, data in given_records]
    found = parse_reply(encode(query, Answer(answers=wanted), 65535))
    assert (found.name, list(found.answers)) == (asked, wanted)
