"""A pod's mounts as the engine's."""

from typing import Any

import pytest

from wherry.engine.containers.row import MountPoint
from wherry.kit.errors import Invalid
from wherry.node.pods.runtime import Mount, Propagation
from wherry.node.runtime.mounts import points


def made(mapped: bool = True, shared: bool = True, **fields: Any) -> MountPoint:
    mount = Mount(**{"destination": "/data", "source": "/host", **fields})
    [point] = points([mount], mapped=mapped, is_shared=lambda path: shared)
    return point


@pytest.mark.parametrize(
    ("fields", "options", "writable"),
    [
        ({}, ["rbind", "rprivate", "rw"], True),
        ({"read_only": True}, ["rbind", "rprivate", "ro"], False),
        ({"read_only": True, "recursive_read_only": True}, ["rbind", "rprivate", "rro", "ro"], False),
        ({"recursive_read_only": True}, ["rbind", "rprivate", "rw"], True),
        ({"propagation": Propagation.HOST_TO_CONTAINER}, ["rbind", "rslave", "rw"], True),
    ],
)
def test_options_are_the_runtimes(fields: dict[str, Any], options: list[str], writable: bool) -> None:
    point = made(**fields)
    assert (point.kind, point.source, point.options, point.writable) == ("bind", "/host", options, writable)


def test_ids_and_parts_are_kept() -> None:
    point = made(mapped=True, subpath="a/b")
    assert point.mapped and point.subpath == "a/b" and point.destination == "/data"
    assert not points([Mount("/x//y/", "/h", mapped=False)], mapped=True, is_shared=bool)[0].mapped
    assert points([Mount("/x//y/", "/h")], mapped=True, is_shared=bool)[0].destination == "/x/y"


def test_an_images_files_are_neither_changed_nor_run() -> None:
    point = made(source="", image="sha256:1", subpath="etc")
    assert (point.kind, point.source, point.subpath, point.writable) == ("image", "sha256:1", "etc", False)
    assert {"ro", "noexec", "nosuid", "nodev"} <= set(point.options)


def test_what_reaches_the_host_needs_the_hosts_ids_and_a_shared_mount() -> None:
    both = {"propagation": Propagation.BIDIRECTIONAL}
    assert made(mapped=False, **both).options == ["rbind", "rshared", "rw"]
    with pytest.raises(Invalid, match="hostUsers: true"):
        made(mapped=True, **both)
    with pytest.raises(Invalid, match='path "/host" is mounted on a mount that is not shared'):
        made(mapped=False, shared=False, **both)


@pytest.mark.parametrize("fields", [{"source": "a"}, {"source": ""}, {"destination": "x"}, {"destination": "/"}])
def test_what_is_no_place_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        made(**fields)
