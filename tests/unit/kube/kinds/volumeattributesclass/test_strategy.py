"""Rules of VolumeAttributesClasses, and what is shown of them."""

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.volumeattributesclass import KIND

GOOD = {"driverName": "csi.example.com", "parameters": {"speed": "high"}}


def test_it_says_something_to_a_driver() -> None:
    assert created(KIND, **GOOD) == []
    assert created(KIND) == [
        "driverName: Required value",
        "parameters: Required value: must contain at least one key/value pair",
    ]


def test_it_never_changes() -> None:
    assert changed(KIND, made(KIND, **GOOD), parameters={"speed": "low"}) == [
        "parameters: Forbidden: updates to parameters are forbidden."
    ]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, **GOOD), NOW) == ("a", "csi.example.com", "2m5s")
