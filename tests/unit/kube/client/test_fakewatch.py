import pytest

from wherry.kube.client.fakewatch import Stream, metadata_fields, selects
from wherry.kube.client.model import Changed, View
from wherry.kube.machinery.model import GroupResource, Object

PODS = GroupResource("", "pods")


def pod(name: str, namespace: str = "default", **labels: str) -> Object:
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels}}


def test_a_selection_is_all_of_its_parts() -> None:
    wanted = selects("app=web", "metadata.name=a", "default", metadata_fields)
    assert wanted(pod("a", app="web"))
    assert not wanted(pod("a", app="db")) and not wanted(pod("b", app="web")) and not wanted(pod("a", "x", app="web"))


async def test_a_stream_gives_in_order_until_it_is_ended() -> None:
    stream = Stream(PODS, lambda obj: True)
    stream.offer(PODS, "ADDED", pod("a"), None)
    stream.offer(GroupResource("", "secrets"), "ADDED", pod("s"), None)
    stream.offer(PODS, "DELETED", pod("a"), pod("a"))
    stream.end()
    assert [change async for change in stream.changes()] == [Changed("ADDED", pod("a")), Changed("DELETED", pod("a"))]


async def test_who_cares_for_ties_hears_of_them_and_of_every_end() -> None:
    stream, free, tied = Stream(PODS, lambda obj: True, View.TIES), pod("a"), pod("a")
    tied["metadata"]["ownerReferences"] = [{"uid": "u"}]
    for type, obj, old in (
        ("ADDED", free, None), ("MODIFIED", free, free), ("MODIFIED", tied, free), ("MODIFIED", free, tied),
        ("DELETED", free, free),
    ):  # fmt: skip
        stream.offer(PODS, type, obj, old)
    stream.end()
    told = [change async for change in stream.changes()]
    assert told == [Changed("MODIFIED", tied), Changed("MODIFIED", free), Changed("DELETED", free)]


async def test_a_stream_can_break() -> None:
    stream = Stream(PODS, lambda obj: True)
    stream.end(OSError("reset"))
    with pytest.raises(OSError, match="reset"):
        [change async for change in stream.changes()]
