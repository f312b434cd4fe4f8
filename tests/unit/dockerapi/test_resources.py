"""All of the API, put together."""

from collections import Counter

from tests.unit.dockerapi.fakes import Engine
from wherry.dockerapi.app import DockerApi
from wherry.dockerapi.endpoint import endpoints_of
from wherry.dockerapi.resources import resources
from wherry.dockerapi.unavailable import unavailable


def operations() -> list[tuple[str, str]]:
    parts = resources(Engine().services)
    return [(method, template) for part in parts for method, template, _ in endpoints_of(part)]


def test_every_resource_answers_something() -> None:
    assert all(list(endpoints_of(part)) for part in resources(Engine().services))


def test_no_operation_is_answered_twice() -> None:
    counted = Counter(operations())
    assert not [operation for operation, count in counted.items() if count > 1]


def test_nothing_is_both_answered_and_said_to_be_unavailable() -> None:
    assert not set(operations()) & {(method, template) for method, template, _ in unavailable()}


def test_the_app_takes_them_all() -> None:
    DockerApi(resources(Engine().services))  # its router refuses what is there already
