"""What repositories own."""

from tests.unit.engine.registry.conftest import Depot, manifest_of
from wherry.engine.registry.owner import RegistryOwner
from wherry.oci.digest import Digest


async def test_blobs_and_manifests_of_any_repository_are_owned_and_snapshots_are_not(depot: Depot) -> None:
    owner = RegistryOwner(depot.rows.database)
    await depot.push_image("a", "1", b"layer")
    expected = {str(Digest.of(data)) for data in (b"{}", b"layer", manifest_of(b"layer"))}
    assert set(owner.blobs()) == expected
    assert all(owner.owns_blob(digest) for digest in expected)
    assert not owner.owns_blob(str(Digest.of(b"other")))
    assert not owner.owns_snapshot(str(Digest.of(b"layer")))
    assert list(owner.snapshots()) == []
