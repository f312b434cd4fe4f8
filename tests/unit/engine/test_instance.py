"""Names of an instance's kernel objects."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.instance import Instance


@given(st.text("0123456789abcdef", min_size=8, max_size=8), st.integers(1, 0xFFFFFF))
def test_no_link_of_a_container_is_called_as_a_bridge(name: str, number: int) -> None:
    instance = Instance(Path("/x"), Path("/x/run"), name)
    assert instance.veth(f"{number:x}") != instance.bridge
    assert not instance.veth(f"{number:x}").startswith("wh")


@given(st.integers(0, 0xFFFFFF))
def test_names_fit_the_kernels_limits(number: int) -> None:
    """IFNAMSIZ: 15 characters."""
    for instance in (Instance.at(), Instance.at(Path("/somewhere"))):
        assert len(instance.veth(f"{number:x}")) <= 15
        assert len(instance.bridge) <= 15


def test_the_machines_own_instance_has_its_sockets_in_run() -> None:
    assert Instance.at().socket == Path("/run/wherry/docker.sock")
    assert Instance.at(Path("/srv/w")).socket == Path("/srv/w/run/docker.sock")
    assert Instance.at(Path("/srv/w")).cgroup_parent != Instance.at(Path("/srv/v")).cgroup_parent


def test_only_the_machines_own_instance_needs_no_flag() -> None:
    assert Instance.at().flag == ""
    assert Instance.at(Path("/srv/w")).flag == " --root /srv/w"
