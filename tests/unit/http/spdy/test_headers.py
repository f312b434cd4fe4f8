"""Header blocks."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.http.spdy.headers import BLOCK_BYTES, DICTIONARY, BadHeaders, Compressor, Decompressor

texts = st.text(st.characters(max_codepoint=255), max_size=40)
names = st.text("abcdefghijklmnopqrstuvwxyz-0123456789", min_size=1, max_size=20)
blocks = st.dictionaries(names, texts, max_size=8)


def block(*texts: bytes) -> bytes:
    """Compressed, as a peer sends it first."""
    plain = b"".join(len(each).to_bytes(4, "big") + each for each in texts)
    return deflated((len(texts) // 2).to_bytes(4, "big") + plain)


def deflated(plain: bytes) -> bytes:
    made = zlib.compressobj(9, zdict=DICTIONARY)
    return made.compress(plain) + made.flush(zlib.Z_SYNC_FLUSH)


def test_the_dictionary_is_the_one_that_everybody_has() -> None:
    assert len(DICTIONARY) == 1423
    assert zlib.adler32(DICTIONARY) == 0xE3C6A7C2  # what zlib's header names (RFC 1950 2.2, DICTID)


@given(st.lists(blocks, max_size=6))
def test_what_one_side_says_block_by_block_the_other_reads(said: list[dict[str, str]]) -> None:
    compressor, decompressor = Compressor(), Decompressor()
    assert [decompressor.decode(compressor.encode(each)) for each in said] == said


def test_names_are_in_lower_case() -> None:
    assert Decompressor().decode(Compressor().encode({"StreamType": "Error"})) == {"streamtype": "Error"}
    assert Decompressor().decode(block(b"StreamType", b"stdin")) == {"streamtype": "stdin"}


def test_words_of_the_dictionary_cost_next_to_nothing() -> None:
    assert len(Compressor().encode({"content-type": "application/xhtml+xml,text/plain"})) < 40


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no zlib at all",
        deflated(b""),
        deflated(b"\0\0"),
        deflated(b"\0\0\0\1"),
        deflated(b"\0\0\0\1\0\0\0\5abc"),
        deflated(b"\0\0\0\0more"),
        deflated(b"\xff\xff\xff\xff" + b"\0\0\0\1a" * 10),
        block(b"a", b"1", b"a", b"2"),
        block(b"a", b"1", b"A", b"2"),
        block(b"", b"1"),
    ],
)
def test_a_block_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(BadHeaders):
        Decompressor().decode(content)


def test_a_block_that_grows_is_refused_before_it_has_grown() -> None:
    bomb = deflated(b"\0\0\0\1\0\0\0\1a" + (200 << 20).to_bytes(4, "big") + b"\0" * (20 << 20))
    assert len(bomb) < BLOCK_BYTES
    with pytest.raises(BadHeaders, match="more than 65536 bytes"):
        Decompressor().decode(bomb)


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    for each in (content, deflated(content)):
        try:
            Decompressor().decode(each)
        except BadHeaders:
            pass
