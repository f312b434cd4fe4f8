"""A content store that a registry has for itself."""

from tests.unit.engine.registry.conftest import Depot
from wherry.oci.digest import Digest


async def test_what_nobody_owns_goes_when_nothing_is_being_added(depot: Depot) -> None:
    owned = str(await depot.push_blob("a", b"owned"))
    orphan = str(depot.content.write(b"orphan"))
    async with depot.keeper.work():
        await depot.keeper.discard([owned, orphan])
        assert depot.blobs() == {owned, orphan}
    assert depot.blobs() == {owned}


async def test_what_a_work_added_without_a_row_goes_with_it(depot: Depot) -> None:
    async with depot.keeper.work() as work:
        work.blob(str(depot.content.write(b"half")))
    assert depot.blobs() == set()


def test_a_crash_s_remains_go_at_the_start(depot: Depot) -> None:
    depot.content.write(b"orphan")
    depot.keeper.recover()
    assert depot.blobs() == set()
    assert not depot.content.has(Digest.of(b"orphan"))
