"""The engine has what the API asks, and the fakes have nothing that the engine has not."""

import inspect
from collections.abc import Iterator
from typing import get_type_hints

import pytest

from tests.unit.dockerapi import fakes
from wherry.dockerapi import services
from wherry.engine.containers import Containers
from wherry.engine.events import Events
from wherry.engine.images import Images
from wherry.engine.networks import Networks
from wherry.engine.volumes import Volumes

PARTS = [
    (services.Containers, Containers, fakes.FakeContainers),
    (services.ImageEngine, Images, fakes.FakeImages),
    (services.VolumeEngine, Volumes, fakes.FakeVolumes),
    (services.NetworkEngine, Networks, fakes.FakeNetworks),
    (services.EventSource, Events, fakes.FakeEvents),
]


def asked(protocol: type) -> Iterator[tuple[str, object]]:
    """What a Protocol and those it is made of ask for."""
    for kind in protocol.__mro__:
        if kind.__module__ == services.__name__:
            yield from ((name, member) for name, member in vars(kind).items() if not name.startswith("_"))


def parameters(function: object) -> list[tuple[str, str]]:
    assert callable(function)
    shown = inspect.signature(function).parameters.values()
    return [(one.name, one.kind.name) for one in shown if one.name != "self"]


@pytest.mark.parametrize(("protocol", "real", "fake"), PARTS)
def test_the_engine_has_what_is_asked_by_the_same_names(protocol: type, real: type, fake: type) -> None:
    for name, member in asked(protocol):
        if callable(member):
            ours = dict(parameters(getattr(real, name)))
            by_name = [each for each, kind in parameters(member) if kind == "KEYWORD_ONLY"]
            assert all(ours.get(each) in ("KEYWORD_ONLY", "POSITIONAL_OR_KEYWORD") for each in by_name), name
            assert len(ours) >= len(parameters(member)), name
        else:
            assert name in get_type_hints(real) or hasattr(real, name), name


@pytest.mark.parametrize(("protocol", "real", "fake"), PARTS)
def test_the_fakes_answer_nothing_that_is_not_asked(protocol: type, real: type, fake: type) -> None:
    known = {name for name, _ in asked(protocol)}
    methods = {name for name, member in vars(fake).items() if inspect.isfunction(member) and not name.startswith("_")}
    assert not methods - known


@pytest.mark.parametrize(("protocol", "real", "fake"), PARTS)
def test_what_is_awaited_of_the_engine_is_awaited_of_its_fake(protocol: type, real: type, fake: type) -> None:
    for name, member in asked(protocol):
        if callable(member) and hasattr(fake, name):
            kinds = [inspect.iscoroutinefunction(vars(one).get(name, member)) for one in (real, fake)]
            assert kinds == [inspect.iscoroutinefunction(member)] * 2, name
