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
