"""One layer in the place of many; the merging itself: tests/kernel/test_builds_results.py."""

from dataclasses import replace

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.layers import Layer
from wherry.engine.build.squashing import _gone, _history, squashed
from wherry.engine.build.state import State
from wherry.oci import mediatypes
from wherry.oci.model import History
from wherry.oci.platform import host

LAYERS = tuple(Layer(f"sha256:{letter * 64}", "", 1, mediatypes.OCI_LAYER_GZIP, 1) for letter in "abc")
HISTORY = (
    History(created_by="base"),
    History(created_by="ENV", empty_layer=True),
    History(created_by="one"),
    History(created_by="two", created="now"),
)
STATE = State(host(), 0, layers=LAYERS, history=HISTORY, base_layers=1)


def test_one_layer_is_not_squashed(workshop: Workshop) -> None:
    for state in (replace(STATE, layers=LAYERS[:2]), replace(STATE, layers=LAYERS[:1])):
        assert squashed(workshop.engine, state, 1, workshop.images.work()) is state


def test_the_history_keeps_what_was_done() -> None:
    history = _history(STATE, 1)
    assert [entry.created_by for entry in history] == ["base", "ENV", "one", "two", ""]
    assert [bool(entry.empty_layer) for entry in history] == [False, True, True, True, False]
    assert (history[-1].comment, history[-1].created) == ("merge of 2 layers", "now")


def test_there_are_as_many_entries_with_layers_as_layers() -> None:
    for base in (0, 1):
        history = _history(replace(STATE, base_layers=base), base)
        assert sum(not entry.empty_layer for entry in history) == base + 1


def test_what_the_base_does_not_have_need_not_be_hidden() -> None:
    class Nothing:
        def look(self, path: str) -> None:
            return None

    assert list(_gone("a/b", None, Nothing(), Nothing())) == []  # type: ignore[arg-type]
