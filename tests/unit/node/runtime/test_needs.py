"""What pods need of the engine is what it has."""

import inspect

import pytest

from tests.unit.engine.containers.test_needs import needed
from wherry.engine.containers.pods import PodContainers
from wherry.engine.distribution.distribution import Distribution
from wherry.engine.events import Events
from wherry.engine.images import Images
from wherry.engine.sandboxes import Sandboxes
from wherry.node.runtime import needs

PAIRS = [
    (needs.EngineSandboxes, Sandboxes),
    (needs.EngineContainers, PodContainers),
    (needs.EngineImages, Images),
    (needs.Registries, Distribution),
    (needs.EngineEvents, Events),
]


@pytest.mark.parametrize(("protocol", "kind"), PAIRS)
def test_the_engine_has_it(protocol: type, kind: type) -> None:
    for name, parameters in needed(protocol).items():
        theirs = inspect.signature(getattr(kind, name)).parameters
        required = [one for one, each in theirs.items() if each.default is inspect.Parameter.empty]
        assert list(theirs)[: len(parameters)] == parameters, name
        assert set(required) <= set(parameters), name
