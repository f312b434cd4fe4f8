"""The past is forgotten some day: what watches and lists of it are told, and that nothing else is forgotten."""

import asyncio
from pathlib import Path

from tests.conformance.kube.process import Control
from wherry.store.sqlite import open_store


def forget(root: Path) -> None:
    """Compact the store of an instance that is down, up to now."""

    async def compact() -> None:
        store = open_store(root / "cluster" / "state.sqlite")
        try:
            await store.compact(await store.revision())
        finally:
            await store.aclose()

    asyncio.run(compact())


def test_what_is_forgotten_is_said_to_be(tmp_path: Path) -> None:
    control = Control(tmp_path / "instance")
    web = control.web()
    path = "/api/v1/namespaces/default/configmaps"
    made = [web.post(path, {"metadata": {"name": name, "labels": {"mine": ""}}}).ok() for name in "abcd"]
    first = web.get(f"{path}?labelSelector=mine&limit=2").ok()
    old = first["metadata"]["resourceVersion"]
    web.delete(f"{path}/c").ok()
    web.close()
    control.stop()
    forget(control.root)

    control = Control(tmp_path / "instance")
    web = control.web()
    try:
        # Objects are as they were, to the last byte.
        assert web.get(f"{path}/a").ok() == made[0]
        # A page of a list that is forgotten: a token to go on with, in the newest state.
        refused = web.get(f"{path}?labelSelector=mine&continue={first['metadata']['continue']}").refused(410, "Expired")
        assert refused["message"].startswith(
            "The provided continue parameter is too old to display a consistent list result."
        )
        token = refused["metadata"]["continue"]
        rest = web.get(f"{path}?labelSelector=mine&continue={token}").ok()
        assert [each["metadata"]["name"] for each in rest["items"]] == ["d"]
        assert int(rest["metadata"]["resourceVersion"]) > int(old)
        # A list of just that version.
        refused = web.get(f"{path}?resourceVersion={old}&resourceVersionMatch=Exact").refused(410, "Expired")
        assert refused["message"] == "The resourceVersion for the provided list is too old."
        # No older than that is anything.
        assert len(web.get(f"{path}?labelSelector=mine&resourceVersion={old}").ok()["items"]) == 3
        # A watch is told in its stream, and ends.
        with web.watch(f"{path}?resourceVersion={old}") as watch:
            [event] = watch.rest()
        assert event["type"] == "ERROR"
        assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
        assert event["object"]["message"].startswith(f"too old resource version: {old} (")
        # New revisions are greater than all that have been.
        assert int(web.post(path, {"metadata": {"name": "e"}}).ok()["metadata"]["resourceVersion"]) > int(old)
    finally:
        web.close()
        control.stop()
