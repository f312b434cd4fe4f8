"""What shims inherit is two things and no more."""

import pytest

from wherry.engine.runtime.ground import Ground
from wherry.linux.cgroup import layout


def test_a_shim_inherits_where_cgroups_are_and_the_hosts_mounts() -> None:
    found = layout()
    ground = Ground(found, 7)
    assert (ground.layout, ground.host_mounts) == (found, 7)


def test_nothing_else_can_be_handed_down() -> None:
    with pytest.raises(AttributeError):
        Ground(layout(), 7).daemon = object()  # type: ignore[attr-defined]
