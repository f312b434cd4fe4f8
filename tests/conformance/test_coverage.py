"""How much of the Docker Engine API is there: every operation is served or refused by name, and the count is shown."""

from pathlib import Path

import pytest

from tests.unit.dockerapi.fakes import Engine
from wherry.dockerapi.endpoint import endpoints_of
from wherry.dockerapi.resources import resources
from wherry.dockerapi.unavailable import unavailable

OPERATIONS = [
    line
    for line in Path(__file__).with_name("operations.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


def plain(method: str, template: str) -> str:
    return f"{method} {template}".replace("...", "")


@pytest.fixture
def served() -> set[str]:
    return {plain(method, path) for one in resources(Engine().services) for method, path, _ in endpoints_of(one)}


@pytest.fixture
def refused() -> set[str]:
    return {plain(method, path) for method, path, _ in unavailable()}


def test_coverage(served: set[str], refused: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    neither = [operation for operation in OPERATIONS if operation not in served | refused]
    count = sum(operation in served for operation in OPERATIONS)
    with capsys.disabled():
        others = len(OPERATIONS) - count
        print(f"\nDocker Engine API: {count} of {len(OPERATIONS)} operations served, {others} refused by name")
        print("not there yet: " + ", ".join(operation for operation in OPERATIONS if operation in refused))
    assert len(OPERATIONS) == len(set(OPERATIONS)) == 108
    assert not neither, "nobody answers " + ", ".join(neither)


def test_nothing_is_both_served_and_refused(served: set[str], refused: set[str]) -> None:
    assert not served & refused
