"""The contestants of the store's benchmark do what they say."""

from pathlib import Path

from benchmarks.storing import CLIENTS, append, commit_to_etcd

from tests.suites.etcdserver import needs_etcd, running
from wherry.store.etcd import open_store


def test_the_floor_writes_the_same_bytes(tmp_path: Path) -> None:
    microseconds = append(tmp_path / "floor", CLIENTS, 0.05)
    size = (tmp_path / "floor" / "log").stat().st_size
    assert microseconds > 0
    assert size > 0
    assert size % (CLIENTS * 2048) == 0


@needs_etcd
async def test_etcd_is_given_the_same_commits(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        address = server.address("/bench/")
        url = f"etcd://{address.endpoints[0]}/bench?ca={address.ca}&cert={address.cert}&key={address.key}"
        assert await commit_to_etcd(url, 4, 0.2) > 0
        store = await open_store(address)
        items = (await store.range("/core/configmaps/bench/")).items
        await store.aclose()
    assert items
    assert {len(item.value) for item in items} == {2048}
    assert {item.created for item in items} == {item.revision for item in items}
