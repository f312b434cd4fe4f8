"""A stage between two instructions."""

from dataclasses import replace

import pytest

from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.state import State, moment
from wherry.engine.dockerfile.history import COMMENT
from wherry.engine.dockerfile.model import Instruction
from wherry.engine.dockerfile.parser import parse
from wherry.kit.errors import Invalid
from wherry.linux.overlay import LAYERS_LIMIT
from wherry.oci.platform import host

LAYER = CachedLayer("chain", "sha256:" + "a" * 64, "sha256:" + "b" * 64, 5, 9)


def one(text: str) -> Instruction:
    return parse(f"FROM scratch\n{text}\n").stages[0].instructions[0]


@pytest.fixture
def state() -> State:
    return State(host(), 60)


def test_moments() -> None:
    assert moment(0) == "1970-01-01T00:00:00Z"
    assert moment(1_445_412_480) == "2015-10-21T07:28:00Z"


def test_nothing_is_called_scratch(state: State) -> None:
    assert (state.short_id, state.chain_ids) == ("scratch", [])


def test_an_instruction_without_a_layer(state: State) -> None:
    after = state.after(one("ENV A=1"), None, 9)
    (entry,) = after.history
    assert (entry.created_by, entry.empty_layer, entry.created) == ("ENV A=1", True, "1970-01-01T00:01:00Z")
    assert entry.comment == COMMENT
    assert after.layers == ()


def test_an_instruction_with_a_layer(state: State) -> None:
    after = state.after(one("RUN x"), LAYER, 9)
    (layer,) = after.layers
    assert (layer.diff_id, layer.blob, layer.blob_bytes, layer.unpacked_bytes) == (LAYER.diff_id, LAYER.blob, 5, 9)
    assert after.history[0].empty_layer is False
    assert after.short_id == "a" * 12
    assert state.layers == ()


def test_without_an_epoch_the_time_of_the_build_counts(state: State) -> None:
    after = replace(state, epoch_seconds=None).after(one("RUN x"), LAYER, 9)
    assert after.history[0].created == "1970-01-01T00:00:09Z"


def test_a_layer_too_many(state: State) -> None:
    for _ in range(LAYERS_LIMIT):
        state = state.after(one("RUN x"), LAYER, 9)
    assert state.after(one("ENV A=1"), None, 9)
    with pytest.raises(Invalid, match="too many layers: the kernel merges 500"):
        state.after(one("RUN x"), LAYER, 9)


def test_a_history_too_long(state: State) -> None:
    text = one("LABEL a=" + "x" * 60_000)
    with pytest.raises(Invalid, match="longer than the configuration of an image may be"):
        for _ in range(20):
            state = state.after(text, None, 9)
    assert len(state.history) == 17
