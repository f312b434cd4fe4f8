"""Blobs and snapshots stay as long as anybody owns them."""

from collections.abc import Iterable

from tests.unit.engine.images.archives import chunks, digest, tar
from tests.unit.engine.images.conftest import Shelf
from wherry.engine.images.owners import Owners
from wherry.engine.images.sweep import Kind, Name


class Keeper:
    """An owner of what it is told."""

    def __init__(self, blobs: Iterable[str] = (), snapshots: Iterable[str] = ()) -> None:
        self.kept = set(blobs)
        self.chains = set(snapshots)

    def owns_blob(self, digest: str) -> bool:
        return digest in self.kept

    def owns_snapshot(self, chain_id: str) -> bool:
        return chain_id in self.chains

    def blobs(self) -> Iterable[str]:
        return self.kept

    def snapshots(self) -> Iterable[str]:
        return self.chains


def test_any_owner_is_enough_and_kinds_are_apart() -> None:
    owners = Owners(Keeper(["sha256:a"]))
    owners.add(Keeper(["sha256:b"], ["sha256:a"]))
    assert owners.wants(Name(Kind.BLOB, "sha256:b"))
    assert owners.wants(Name(Kind.SNAPSHOT, "sha256:a"))
    assert not owners.wants(Name(Kind.SNAPSHOT, "sha256:b"))
    assert owners.blobs() == {"sha256:a", "sha256:b"}
    assert owners.snapshots() == {"sha256:a"}


async def test_what_another_owner_keeps_outlives_the_image_and_goes_with_its_row(shelf: Shelf) -> None:
    data = tar({"file": b"x"})
    image = await shelf.images.import_(chunks(data), "demo", "1")
    keeper = Keeper(image.layers, image.chain_ids)
    shelf.images.add_owner(keeper)
    shelf.images.remove("demo:1", force=False, prune=True, in_use=lambda _: ())
    await shelf.images.settle()
    assert shelf.blobs() == set(image.layers)
    assert shelf.snapshots.has(digest(data))
    blobs, chains = set(keeper.kept), set(keeper.chains)
    keeper.kept.clear()
    keeper.chains.clear()
    await shelf.images.discard(blobs, chains)
    assert not shelf.blobs()
    assert not shelf.snapshots.has(digest(data))
