"""Chain ids name stacks of layers as the specification computes them."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from wherry.oci.chain import chain_id, chain_ids
from wherry.oci.digest import Digest

A, B, C = ("sha256:" + letter * 64 for letter in "abc")

diff_ids = st.lists(st.binary(max_size=4).map(lambda data: str(Digest.of(data))), max_size=6)


def test_the_lowest_layers_chain_id_is_its_diff_id() -> None:
    assert chain_id(None, A) == A
    assert chain_ids([A]) == [A]


def test_no_layers_have_no_chain_ids() -> None:
    assert chain_ids([]) == []


def test_a_layer_on_others_is_named_by_the_hash_of_both() -> None:
    ab = "sha256:" + hashlib.sha256(f"{A} {B}".encode()).hexdigest()
    abc = "sha256:" + hashlib.sha256(f"{ab} {C}".encode()).hexdigest()
    assert chain_ids([A, B, C]) == [A, ab, abc]


def test_the_order_of_layers_matters() -> None:
    assert chain_ids([A, B])[-1] != chain_ids([B, A])[-1]


@given(diff_ids, diff_ids)
def test_stacks_that_begin_alike_have_the_same_chain_ids_as_far(lower: list[str], upper: list[str]) -> None:
    assert chain_ids(lower + upper)[: len(lower)] == chain_ids(lower)


@given(diff_ids)
def test_every_chain_id_is_a_digest_of_a_stack_of_its_own(layers: list[str]) -> None:
    chain = chain_ids(layers)
    assert len(chain) == len(set(chain)) == len(layers)
    assert [str(Digest.parse(one)) for one in chain] == chain
