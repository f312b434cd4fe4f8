"""Defaults and rules of RuntimeClasses, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.runtimeclass import KIND
from wherry.kube.machinery.model import Object

TOLERATION = {"key": "a", "operator": "Exists"}


def test_overhead_is_written_as_the_api_shows_it() -> None:
    obj = made(KIND, handler="runc", overhead={"podFixed": {"cpu": "0.5"}})
    assert obj["overhead"] == {"podFixed": {"cpu": "500m"}}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"handler": "runc", "scheduling": {"nodeSelector": {"a": "b"}, "tolerations": [TOLERATION]}}, []),
        ({"handler": "runc", "scheduling": {"tolerations": [TOLERATION, TOLERATION]}},
         ['scheduling.tolerations[1]: Duplicate value: {"key":"a","operator":"Exists"}']),
        ({"handler": "runc", "overhead": {"podFixed": {"cpu": "-1"}}},
         ['overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
    ],
)  # fmt: skip
def test_what_is_wrong(fields: Object, errors: list[str]) -> None:
    assert created(KIND, **fields) == errors


def test_a_handler_never_changes() -> None:
    assert changed(KIND, made(KIND, handler="runc"), handler="crun") == [
        'handler: Invalid value: "crun": field is immutable'
    ]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, handler="runc"), NOW) == ("a", "runc", "2m5s")
