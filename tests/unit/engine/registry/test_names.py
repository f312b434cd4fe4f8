"""Names, tags, digests: the grammar and nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.registry.model import Code, Refused
from wherry.engine.registry.names import check_name, parse_digest, parse_reference
from wherry.oci.digest import Digest

SHA256, SHA512 = "sha256:" + "a" * 64, "sha512:" + "b" * 128


@pytest.mark.parametrize(
    "name", ["a", "library/demo", "a/b/c/d", "a.b_c__d---e/f0", "0", "quay.io/x/y", "a" * 255, "blobs/uploads"]
)
def test_names_of_the_grammar_are_taken(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "A", "a/", "/a", "a//b", ".", "..", "a/../b", "a/./b", "%2e%2e", "a%2fb", "a b", "a_", "-a", "a..b", "a___b",
     "a:1", "a@b", "a\n", "ä", "a\x00", "a/B", "a\\b", "ª", "a" * 256, "a/" * 5000 + "a"],
)  # fmt: skip
def test_all_other_names_are_refused(name: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_name(name)
    assert refusal.value.code is Code.NAME_INVALID


@given(st.text(alphabet="aA0._-/%\n", max_size=12))
def test_an_accepted_name_is_a_harmless_path(name: str) -> None:
    try:
        check_name(name)
    except Refused:
        return
    assert all(part and re.fullmatch(r"[a-z0-9].*[a-z0-9]|[a-z0-9]", part) for part in name.split("/"))


@pytest.mark.parametrize(
    ("text", "expected"), [(SHA256, Digest.parse(SHA256)), ("latest", "latest"), ("_1.0-x", "_1.0-x")]
)
def test_a_reference_is_a_digest_or_a_tag(text: str, expected: object) -> None:
    assert parse_reference(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [("", Code.TAG_INVALID), (".a", Code.TAG_INVALID), ("-a", Code.TAG_INVALID), ("a" * 129, Code.TAG_INVALID),
     ("a/b", Code.TAG_INVALID), ("a\n", Code.TAG_INVALID), ("sha256:abc", Code.DIGEST_INVALID),
     ("md5:" + "a" * 32, Code.DIGEST_INVALID), (SHA256.upper(), Code.DIGEST_INVALID)],
)  # fmt: skip
def test_other_references_are_refused(text: str, code: Code) -> None:
    with pytest.raises(Refused) as refusal:
        parse_reference(text)
    assert refusal.value.code is code


@pytest.mark.parametrize(
    "text", ["", "sha256:", "sha256:" + "a" * 63, "sha256:" + "A" * 64, "sha256:../" + "a" * 61, SHA512 + "0", "a" * 64]
)
def test_only_registered_digests_of_the_right_length_are_taken(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_digest(text)
    assert refusal.value.code is Code.DIGEST_INVALID


def test_both_registered_algorithms_are_taken() -> None:
    assert (str(parse_digest(SHA256)), str(parse_digest(SHA512))) == (SHA256, SHA512)
