"""A pod as the kubelet's API asks for it."""

from pathlib import Path

from tests.unit.node.pods.rig import Rig, container, pod


async def test_runs_and_logs(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.runtime.missing = {"none:1"}
    async with rig.running(pod("web", container(), container("bad", image="none:1"))):
        await rig.until(lambda: "running" in (rig.container().get("state") or {}), 1)
        first = rig.run_of()
        rig.runtime.exit(first, 1)
        await rig.until(lambda: rig.container().get("restartCount") == 1)
        found = rig.agent.place("default", "web")
        assert found is not None
        web = found.containers["web"]
        assert (web.id, web.running, web.log) == (rig.run_of(), True, f"/fake/{rig.run_of()}.log")
        assert (web.previous_id, web.previous_log) == (first, f"/fake/{first}.log")
        bad = found.containers["bad"]
        assert (bad.id, bad.running, bad.log) == ("", False, "")
        assert found.sandbox == rig.runtime.sandboxes()[0].id
        assert found.pod["status"]["containerStatuses"]


async def test_who_is_asked_for(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    async with rig.running(pod("a"), pod("b")):
        assert {each.pod["metadata"]["name"] for each in rig.agent.places()} == {"a", "b"}
        assert rig.agent.place("default", "none") is None
        assert rig.agent.place("other", "a") is None
        assert rig.agent.place("default", "a", "uid-b") is None
        found = rig.agent.place("default", "a", "uid-a")
        assert found is not None
        assert found.uid == "uid-a"
