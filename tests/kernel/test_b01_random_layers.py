"""B01: layers as random as they come mean through overlayfs what the model says, or are refused by both."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.hostile import Place, check, place_with_canary
from tests.kernel.layermodel import CHARACTER, FIFO, FILE, FOLDER, HARDLINK, SYMLINK, Entry

EXAMPLES = int(os.environ.get("WHERRY_LAYER_EXAMPLES", "120"))

NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.builds(
    lambda before, names: before + "/".join(names),
    st.sampled_from(["", "", "", "", "/", "./", "a/../", ".//"]),
    st.lists(NAMES, min_size=1, max_size=3),
)
TARGETS = st.builds(
    lambda before, names, after: before + "/".join(names) + after,
    st.sampled_from(["", "", "/", "../", "../../../", "./", "new/", "new/../"]),
    st.lists(NAMES, min_size=1, max_size=2),
    st.sampled_from(["", "", "/", "/..", "/."]),
)
MARKS = st.builds(
    lambda parent, mark: "/".join([*parent, mark]),
    st.lists(NAMES, max_size=2),
    st.sampled_from([".wh.a", ".wh.b", ".wh.c", ".wh..wh..opq"]),
)


ATTRIBUTES = st.sampled_from([(), (), (("user.one", "1"),), (("user.two", ""), ("security.selinux", "no"))])


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    kind = draw(
        st.sampled_from([FOLDER] * 4 + [FILE] * 4 + [SYMLINK] * 3 + [HARDLINK] * 2 + ["mark"] * 3 + [FIFO, CHARACTER])
    )
    dress = {
        "mode": draw(st.sampled_from([0o644, 0o755, 0o700, 0o4711, 0o2775, 0o1777])),
        "uid": draw(st.sampled_from([0, 1, 70000])),
        "gid": draw(st.sampled_from([0, 5, 70000])),
        "mtime": draw(st.integers(0, 2000)),
    }
    if kind == "mark":
        return Entry(draw(MARKS))
    if kind == FILE:
        return Entry(draw(PATHS), data=draw(st.binary(max_size=5)), xattrs=draw(ATTRIBUTES), **dress)
    if kind == FOLDER:
        return Entry(draw(PATHS), FOLDER, xattrs=draw(ATTRIBUTES), **dress)
    if kind in (SYMLINK, HARDLINK):
        return Entry(draw(PATHS), kind, link=draw(TARGETS), **dress)
    return Entry(draw(PATHS), kind, device=draw(st.sampled_from([(0, 0), (1, 3)])), **dress)


@pytest.fixture(scope="module")
def shared() -> Iterator[Place]:
    with place_with_canary() as made:
        yield made


@settings(max_examples=EXAMPLES)
@given(st.lists(st.lists(entries(), max_size=7), min_size=1, max_size=4))
def test_b01_layers_mean_what_the_model_says(shared: Place, layers: list[list[Entry]]) -> None:
    check(shared, layers)
