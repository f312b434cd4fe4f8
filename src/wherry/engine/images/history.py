"""``docker history``: the steps of an image's configuration, with the sizes of the layers they made. Pure."""

from collections.abc import Callable

from msgspec.structs import replace

from wherry.engine.images.model import HistoryEntry, Image
from wherry.kit.durations import parse_moment
from wherry.kit.errors import Invalid, NotFound
from wherry.oci.model import History


def history(image: Image, by_id: Callable[[str], Image]) -> list[HistoryEntry]:
    """The last step first; steps at which an image of this machine ends carry its id and tags (the parents' chain)."""
    sizes = iter(image.layer_sizes_bytes)
    entries: list[HistoryEntry] = []
    for step in image.config.history:
        size = 0
        if not step.empty_layer:
            found = next(sizes, None)
            if found is None:
                raise Invalid("too many non-empty layers in History section")
            size = found
        entries.insert(0, _entry(step, size))
    return _with_owners(entries, image, by_id)


def _entry(step: History, size_bytes: int) -> HistoryEntry:
    return HistoryEntry("<missing>", _seconds(step.created), step.created_by, (), size_bytes, step.comment)


def _seconds(created: str | None) -> int:
    try:
        return parse_moment(created, 0) // 1_000_000_000 if created else 0
    except Invalid:
        return 0


def _with_owners(entries: list[HistoryEntry], image: Image | None, by_id: Callable[[str], Image]) -> list[HistoryEntry]:
    owned: list[HistoryEntry] = []
    for entry in entries:
        if image is None:
            owned.append(entry)
            continue
        owned.append(replace(entry, id=image.id, tags=image.repo_tags))
        try:
            image = by_id(image.parent) if image.parent else None
        except NotFound:
            image = None
    return owned
