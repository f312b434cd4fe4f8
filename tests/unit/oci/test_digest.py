"""A digest that was parsed is one, and safe in a path."""

import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wherry.kit.errors import Invalid
from wherry.oci.digest import HEX_LENGTHS, Digest

SHA256 = "sha256:" + "0123456789abcdef" * 4
SHA512 = "sha512:" + "0123456789abcdef" * 8

FORMAT = "invalid checksum digest format"
ALGORITHM = "unsupported digest algorithm"
LENGTH = "invalid checksum digest length"


@pytest.mark.parametrize("text", [SHA256, SHA512])
def test_a_digest_is_written_as_it_was_read(text: str) -> None:
    digest = Digest.parse(text)
    assert f"{digest.algorithm}:{digest.hex}" == str(digest) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", FORMAT),
        ("sha256", FORMAT),
        (":" + "a" * 64, FORMAT),
        ("SHA256:" + "a" * 64, FORMAT),
        (f" {SHA256}", FORMAT),
        (f"{SHA256}\n", FORMAT),
        ("sha256:../../etc/passwd", FORMAT),
        ("sha256:" + "a" * 300, FORMAT),
        ("sha256:" + "A" * 64, FORMAT),
        ("sha256:" + "g" * 64, FORMAT),
        ("sha256:" + "٣" * 64, FORMAT),
        ("md5:" + "a" * 32, ALGORITHM),
        ("sha384:" + "a" * 96, ALGORITHM),
        ("sha256+b64:" + "a" * 64, ALGORITHM),
        ("sha256:" + "a" * 63, LENGTH),
        ("sha256:" + "a" * 65, LENGTH),
        ("sha512:" + "a" * 64, LENGTH),
    ],
)
def test_what_is_none_is_refused_in_the_words_of_go_digest(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Digest.parse(text)
    assert refusal.value.message == message


def test_the_digest_of_data_is_its_hash() -> None:
    assert str(Digest.of(b"")) == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Digest.of(b"x", "sha512").hex == hashlib.sha512(b"x").hexdigest()


@given(st.binary(), st.sampled_from(sorted(HEX_LENGTHS)))
def test_the_digest_of_any_data_is_one(data: bytes, algorithm: str) -> None:
    digest = Digest.of(data, algorithm)
    assert Digest.parse(str(digest)) == digest


@given(st.text() | st.from_regex(r"\Asha(256|512):[a-fA-F0-9/.]{60,130}\Z"))
@example("sha256:" + "/" * 64)
def test_nothing_that_is_parsed_leaves_its_directory(text: str) -> None:
    try:
        digest = Digest.parse(text)
    except Invalid:
        return
    assert str(digest) == text
    assert not set(str(digest)) - set("sha:0123456789abcdef")
