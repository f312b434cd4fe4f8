"""What containers need of others is what those have."""

import inspect

import pytest

from tests.unit.engine.containers.harness import FakeGroup, FakeImages
from wherry.engine.containers.needs import Group, ImageSource, real_group
from wherry.engine.images import Images
from wherry.linux.cgroup import Cgroup


def needed(protocol: type) -> dict[str, list[str]]:
    """The parameters of what a Protocol asks for, by name."""
    return {
        name: list(inspect.signature(member).parameters)
        for name, member in vars(protocol).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }


@pytest.mark.parametrize(
    ("protocol", "kind"), [(ImageSource, Images), (ImageSource, FakeImages), (Group, Cgroup), (Group, FakeGroup)]
)
def test_the_real_ones_and_the_imagined_ones_have_it(protocol: type, kind: type) -> None:
    for name, parameters in needed(protocol).items():
        theirs = inspect.signature(getattr(kind, name)).parameters
        required = [one for one, each in theirs.items() if each.default is inspect.Parameter.empty]
        assert required == parameters, name


def test_a_real_group_is_the_kernels_of_that_path_and_need_not_be_there() -> None:
    group = real_group("/wherry-test-of-nothing/container")
    assert isinstance(group, Cgroup)
    assert group.pids() == []
