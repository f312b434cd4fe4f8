"""A volume that cannot be set up, in the kubelet's words (pkg/volume/util/operationexecutor, pkg/volume/csi)."""

from wherry.kit.errors import WherryError

NOT_SET_UP = 'MountVolume.SetUp failed for volume "{}" : {}'
NO_MOUNTER = 'MountVolume.NewMounter initialization failed for volume "{}" : {}'
WRONG_NODE = 'MountVolume.NodeAffinity check failed for volume "{}" : {}'
NO_DEVICE = 'MountVolume.MountDevice failed for volume "{}" : {}'
NO_CLAIM = (
    "Unable to attach or mount volumes: unmounted volumes=[{0}], unattached volumes=[], failed to process "
    "volumes=[{0}]: error processing PVC {1}"
)
"""volumemanager.WaitForAttachAndMount, of what desired_state_of_world_populator.go says."""


class VolumeError(WherryError):
    """One volume could not be set up; ``volume`` names it: a persistent one by its own name. ``what`` is said of it."""

    def __init__(self, volume: str, why: object, what: str = NOT_SET_UP) -> None:
        super().__init__(what.format(volume, why))
        self.volume = volume


def no_driver(volume: str, driver: str) -> VolumeError:
    """Of a volume that a CSI driver keeps: there is none on this node."""
    said = "kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: "
    return VolumeError(volume, said + _unknown(driver), NO_DEVICE)


def no_inline_driver(volume: str, driver: str, modes: list[str] | None) -> VolumeError:
    """Of one that is in the pod itself. ``modes``: that its CSIDriver allows; None: there is no such object."""
    refused = f'volume mode "Ephemeral" not supported by driver {driver}'
    if modes is None:
        return VolumeError(volume, f"{refused} (no CSIDriver object)", NO_MOUNTER)
    if "Ephemeral" not in modes:
        shown = " ".join(f'"{each}"' for each in modes)
        return VolumeError(volume, f"{refused} (only supports [{shown}])", NO_MOUNTER)
    return VolumeError(volume, f"kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: {_unknown(driver)}")


def _unknown(driver: str) -> str:
    return f"driver name {driver} not found in the list of registered CSI drivers"
