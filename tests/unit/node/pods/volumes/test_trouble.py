"""The words of volumes that cannot be had."""

import pytest

from wherry.node.pods.volumes.trouble import NO_CLAIM, VolumeError, no_driver, no_inline_driver

UNKNOWN = "driver name d.example.com not found in the list of registered CSI drivers"


def test_a_volume_of_a_driver_that_is_not_there() -> None:
    found = no_driver("pv", "d.example.com")
    assert found.volume == "pv"
    assert found.message == (
        'MountVolume.MountDevice failed for volume "pv" : kubernetes.io/csi: attacher.MountDevice failed to create '
        f"newCsiDriverClient: {UNKNOWN}"
    )


@pytest.mark.parametrize(
    ("modes", "said"),
    [
        (None, 'MountVolume.NewMounter initialization failed for volume "v" : volume mode "Ephemeral" not supported by '
         "driver d.example.com (no CSIDriver object)"),
        (["Persistent"], 'MountVolume.NewMounter initialization failed for volume "v" : volume mode "Ephemeral" not '
         'supported by driver d.example.com (only supports ["Persistent"])'),
        (["Persistent", "Ephemeral"], 'MountVolume.SetUp failed for volume "v" : kubernetes.io/csi: mounter.SetUpAt '
         f"failed to get CSI client: {UNKNOWN}"),
    ],
)  # fmt: skip
def test_one_of_the_pods_own(modes: list[str] | None, said: str) -> None:
    assert no_inline_driver("v", "d.example.com", modes).message == said


def test_what_else_goes_wrong() -> None:
    assert VolumeError("v", "why").message == 'MountVolume.SetUp failed for volume "v" : why'
    assert VolumeError("v", "default/data: PVC is not bound", NO_CLAIM).message == (
        "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process "
        "volumes=[v]: error processing PVC default/data: PVC is not bound"
    )
