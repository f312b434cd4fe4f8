"""Rules of Leases, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, created, made
from wherry.kube.kinds.lease import KIND
from wherry.kube.machinery.model import Object


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        ({"holderIdentity": "me", "leaseDurationSeconds": 15, "leaseTransitions": 0}, []),
        ({"leaseDurationSeconds": 0}, ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"]),
        ({"leaseTransitions": -1},
         ["spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"]),
        ({"strategy": "Best"},
         ['spec.strategy.strategy: Unsupported value: "Best": supported values: "OldestEmulationVersion"']),
        ({"strategy": "a.io/best", "preferredHolder": "me"}, []),
        ({"preferredHolder": "me"},
         ["spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_an_update_may_make_it() -> None:
    assert KIND.allow_create_on_update


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec={"holderIdentity": "me"}), NOW) == ("a", "me", "2m5s")
