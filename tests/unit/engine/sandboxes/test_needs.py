"""What sandboxes need of others is what those have."""

import inspect

import pytest

from tests.unit.engine.containers.harness import FakeGroup
from tests.unit.engine.containers.test_needs import needed
from wherry.engine.containers.pool import Pool
from wherry.engine.sandboxes import needs
from wherry.engine.sandboxes.fake import FakePins
from wherry.engine.sandboxes.pins import KernelPins
from wherry.linux.cgroup import Cgroup

PAIRS = [
    (needs.Group, Cgroup),
    (needs.Group, FakeGroup),
    (needs.Pins, KernelPins),
    (needs.Pins, FakePins),
    (needs.Pool, Pool),
]


@pytest.mark.parametrize(("protocol", "kind"), PAIRS)
def test_the_real_ones_and_the_imagined_ones_have_it(protocol: type, kind: type) -> None:
    for name, parameters in needed(protocol).items():
        assert list(inspect.signature(getattr(kind, name)).parameters) == parameters, name
