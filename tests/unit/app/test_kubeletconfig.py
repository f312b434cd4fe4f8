"""What the node shows of its configuration."""

from tests.unit.app.test_nodesettings import read
from wherry.app.kubeletconfig import shown


def test_what_the_node_shows_of_itself() -> None:
    found = shown(read(shutdown_grace=90, reserved="cpu=1,memory=1Gi", image_gc_age=7200))
    assert found["evictionHard"]["nodefs.available"] == "5%"
    assert found["systemReserved"] == {"cpu": "1", "memory": "1Gi"}
    assert (found["shutdownGracePeriod"], found["imageMinimumGCAge"]) == ("1m30s", "2h0m0s")
    assert found["staticPodPath"] == "/var/lib/wherry/manifests"
    assert "allowedUnsafeSysctls" not in found
    assert found["evictionMaxPodGracePeriod"] == 0
    assert not {"evictionSoft", "evictionSoftGracePeriod", "evictionMinimumReclaim"} & found.keys()


def test_what_it_shows_of_evictions() -> None:
    settings = read(
        eviction_soft="memory.available<2Gi,nodefs.available<10%", eviction_max_pod_grace=20,
        eviction_soft_grace="memory.available=90s,nodefs.available=5m", pressure_transition=30,
        eviction_minimum_reclaim="nodefs.available=5%",
    )  # fmt: skip
    found = shown(settings)
    assert {name: value for name, value in found.items() if name.startswith("eviction") and "Hard" not in name} == {
        "evictionSoft": {"memory.available": "2Gi", "nodefs.available": "10%"},
        "evictionSoftGracePeriod": {"memory.available": "1m30s", "nodefs.available": "5m0s"},
        "evictionMinimumReclaim": {"nodefs.available": "5%"},
        "evictionMaxPodGracePeriod": 20,
        "evictionPressureTransitionPeriod": "30s",
    }
