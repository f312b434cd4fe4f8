"""Conditions of a node."""

from datetime import UTC, datetime

from wherry.kube.machinery.model import Object
from wherry.node.pods.machine.conditions import changes, conditions, unchanged

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_words() -> None:
    found = {each["type"]: each for each in conditions({"DiskPressure": "x"}, "", {}, NOW)}
    assert [found["DiskPressure"][name] for name in ("status", "reason", "message")] == [
        "True", "KubeletHasDiskPressure", "kubelet has disk pressure",
    ]  # fmt: skip
    assert [found["MemoryPressure"][name] for name in ("status", "reason", "message")] == [
        "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available",
    ]  # fmt: skip
    assert (found["Ready"]["status"], found["Ready"]["reason"]) == ("True", "KubeletReady")
    assert list(found) == ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"]


def test_why_it_is_not_ready() -> None:
    ready = conditions({}, "node is shutting down", {}, NOW)[-1]
    assert (ready["status"], ready["reason"], ready["message"]) == ("False", "KubeletNotReady", "node is shutting down")


def test_times() -> None:
    before = [
        {"type": "Ready", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"},
        {"type": "PIDPressure", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"},
    ]
    found = {each["type"]: each for each in conditions({}, "", {"status": {"conditions": before}}, NOW)}
    assert found["Ready"]["lastTransitionTime"] == "2020-01-01T00:00:00Z"
    assert found["PIDPressure"]["lastTransitionTime"] == "2026-01-01T00:00:00Z"
    assert found["Ready"]["lastHeartbeatTime"] == "2026-01-01T00:00:00Z"


def test_what_is_told_of_changes() -> None:
    def node(pressures: dict[str, str], not_ready: str = "") -> Object:
        return {"status": {"conditions": conditions(pressures, not_ready, {}, NOW)}}

    assert changes(node({}), node({})) == []
    assert changes(node({}), node({"DiskPressure": "x", "MemoryPressure": "y"})) == [
        "NodeHasInsufficientMemory", "NodeHasDiskPressure",
    ]  # fmt: skip
    assert changes(node({"PIDPressure": "x"}), node({}, "why")) == ["NodeHasSufficientPID", "NodeNotReady"]


def test_what_is_told_of_what_has_not_changed() -> None:
    def node(pressures: dict[str, str]) -> Object:
        return {"status": {"conditions": conditions(pressures, "", {}, NOW)}}

    assert unchanged({}, node({})) == []
    assert unchanged(node({"DiskPressure": "x"}), node({"DiskPressure": "x", "PIDPressure": "y"})) == [
        "NodeHasSufficientMemory", "NodeHasDiskPressure",
    ]  # fmt: skip
