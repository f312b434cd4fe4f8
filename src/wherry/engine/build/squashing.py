"""``--squash``: one layer in the place of all that a build added to its base image."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from wherry.engine.build.around import Engine
from wherry.engine.build.layers import Layer, Target, chain
from wherry.engine.build.selection import Item
from wherry.engine.build.state import State
from wherry.engine.build.tree import Entry, Tree
from wherry.engine.build.writing import Looks, Writer
from wherry.engine.images.sweep import Work
from wherry.engine.snapshots.directories import OPAQUE, is_whiteout
from wherry.oci import mediatypes
from wherry.oci.model import History


def squashed(engine: Engine, state: State, base_layers: int, work: Work) -> State:
    """The same files in one new layer. Blocks.

    The history keeps its entries, none of which has a layer any more but the last (as ``docker build --squash``).
    """
    kept, merged = state.layers[:base_layers], state.layers[base_layers:]
    if len(merged) < 2:
        return state
    target = Target(chain(kept), state.epoch_seconds, work)
    with engine.scratch() as directory:
        upper, _ = engine.snapshots.prepare(directory, 0)
        with engine.snapshots.view(target.chain_ids) as below, engine.snapshots.view(state.chain_ids) as whole:
            layers = [engine.snapshots.path(one) for one in state.chain_ids[base_layers:]]
            _merge(layers, Tree(below), Tree(whole), upper)
        made = engine.layers.make(upper, target, target.options())
    layer = Layer(made.diff_id, made.blob, made.blob_bytes, mediatypes.OCI_LAYER_GZIP, made.unpacked_bytes)
    return replace(state, layers=(*kept, layer), history=_history(state, base_layers))


def _merge(layers: list[Path], below: Tree, whole: Tree, upper: Path) -> None:
    """Fill ``upper`` with what ``whole`` shows of every path that any layer has; what is gone is hidden."""
    touched: dict[str, bool] = {}
    for layer in layers:
        for path, hides in _paths(layer):
            touched[path] = touched.get(path, False) or hides
    root = os.open(upper, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        writer = Writer(root, Looks(owner=None))
        hidden: set[str] = set()
        for path in sorted(touched):
            shown = whole.look(path)
            if shown is not None:
                writer.copy(whole, [Item(shown, path)], "/", True)
            if touched[path]:
                hidden |= set(_gone(path, shown, below, whole))
        for path in sorted(hidden):
            _hide(root, path)
    finally:
        os.close(root)


def _paths(layer: Path) -> Iterator[tuple[str, bool]]:
    """Every path of a layer, and whether it hides what was there before."""
    fd = os.open(layer, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for entry in Tree(fd).walk(""):
            yield entry.path, is_whiteout(entry.status) or (entry.is_directory and _is_opaque(layer / entry.path))
    finally:
        os.close(fd)


def _is_opaque(path: Path) -> bool:
    try:
        return os.getxattr(path, OPAQUE, follow_symlinks=False) == b"y"
    except OSError:
        return False


def _gone(path: str, shown: Entry | None, below: Tree, whole: Tree) -> Iterator[str]:
    """What the base has at a path, and the whole has not; the topmost of each."""
    old = below.look(path)
    if old is None:
        return
    if shown is None:
        parent = path.rpartition("/")[0]
        if not parent or whole.look(parent) is not None:
            yield path
    elif shown.is_directory and old.is_directory:
        for entry in below.walk(path):
            parent = entry.path.rpartition("/")[0]
            if whole.look(entry.path) is None and whole.look(parent) is not None:
                yield entry.path


def _hide(root: int, path: str) -> None:
    parent = os.path.dirname(path)
    directory = os.open(parent or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
    try:
        os.mknod(os.path.basename(path), 0o020000, 0, dir_fd=directory)
    finally:
        os.close(directory)


def _history(state: State, base_layers: int) -> tuple[History, ...]:
    entries: list[History] = []
    layers = 0
    for entry in state.history:
        layers += not entry.empty_layer
        is_kept = entry.empty_layer or layers <= base_layers
        entries.append(entry if is_kept else msgspec.structs.replace(entry, empty_layer=True))
    last = state.history[-1]
    merged = History(created=last.created, comment=f"merge of {len(state.layers) - base_layers} layers")
    return (*entries, merged)
