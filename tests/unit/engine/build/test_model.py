"""What a build is asked and what it tells."""

import dataclasses

import pytest

from wherry.engine.build import model
from wherry.engine.build.model import BuildFailed, Limits, Options
from wherry.kit.errors import WherryError


def test_nothing_is_asked_for_unless_it_is_said() -> None:
    options = Options()
    assert (options.network, options.reproducible, options.limits) == ("default", True, Limits())
    given = {field.name for field in dataclasses.fields(Options)} - {"network", "reproducible", "limits"}
    assert not any(getattr(options, name) for name in given)


def test_a_failure() -> None:
    failure = BuildFailed("why", "where", "what", 7)
    assert (str(failure), failure.excerpt, failure.command, failure.code) == ("why", "where", "what", 7)
    assert isinstance(failure, WherryError)


@pytest.mark.parametrize("event", model.Event.__args__)  # type: ignore[attr-defined]
def test_events_do_not_change(event: type) -> None:
    assert event.__dataclass_params__.frozen  # type: ignore[attr-defined]
