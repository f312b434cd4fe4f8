"""Where volumes appear."""

import pytest

from tests.unit.node.pods.rig import container
from wherry.kit.errors import Invalid
from wherry.node.pods.composing.mounts import Ready, mounts
from wherry.node.pods.runtime import Mount, Propagation

VOLUMES = {"v": Ready("/data"), "c": Ready("/config", read_only=True), "i": Ready("", read_only=True, image="sha256:1")}


def made(**mount: object) -> Mount:
    web = container(volumeMounts=[{"name": "v", "mountPath": "/v", **mount}])
    return mounts(web, VOLUMES, {"WHO": "me"})[0]


def test_the_usual() -> None:
    assert made() == Mount("/v", "/data")
    assert made(mountPath="relative").destination == "/relative"


def test_read_only_by_the_container_or_by_what_it_is() -> None:
    assert made(readOnly=True).read_only
    assert made(name="c").read_only
    assert made(name="i") == Mount("/v", "", read_only=True, image="sha256:1")
    assert made(readOnly=True, recursiveReadOnly="IfPossible").recursive_read_only
    assert not made(recursiveReadOnly="Enabled").recursive_read_only


def test_propagation() -> None:
    assert made(mountPropagation="HostToContainer").propagation is Propagation.HOST_TO_CONTAINER


def test_paths_below() -> None:
    assert made(subPath="a/b").subpath == "a/b"
    assert made(subPathExpr="x/$(WHO)").subpath == "x/me"


@pytest.mark.parametrize(
    "mount",
    [
        {"subPath": "/etc"},
        {"subPath": "../x"},
        {"subPath": "a/../../x"},
        {"subPathExpr": "$(NOBODY)"},
        {"name": "missing"},
    ],
)
def test_what_leads_elsewhere_or_nowhere_is_refused(mount: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        made(**mount)


def test_a_variable_cannot_lead_out() -> None:
    web = container(volumeMounts=[{"name": "v", "mountPath": "/v", "subPathExpr": "$(WHO)"}])
    with pytest.raises(Invalid):
        mounts(web, VOLUMES, {"WHO": "../../etc"})


def test_block_devices_are_refused() -> None:
    with pytest.raises(Invalid, match="volumeDevices"):
        mounts(container(volumeDevices=[{"name": "v", "devicePath": "/dev/x"}]), VOLUMES, {})
