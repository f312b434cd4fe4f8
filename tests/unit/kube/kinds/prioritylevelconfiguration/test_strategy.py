"""Defaults and rules of PriorityLevelConfigurations, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, created, made, with_status
from wherry.kube.kinds.prioritylevelconfiguration import KIND
from wherry.kube.kinds.prioritylevelconfiguration.strategy import entropy_bits, mandatory
from wherry.kube.machinery.model import Object


def limited(**fields: Any) -> Object:
    return {"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}, **fields}}


def queues(**fields: Any) -> Object:
    return limited(limitResponse={"type": "Queue", "queuing": fields})


def test_what_is_left_out_is_filled_in() -> None:
    spec = made(KIND, spec=queues())["spec"]
    assert spec["limited"] == {
        "nominalConcurrencyShares": 30,
        "lendablePercent": 0,
        "limitResponse": {"type": "Queue", "queuing": {"handSize": 8, "queues": 64, "queueLengthLimit": 50}},
    }
    exempt = made(KIND, spec={"type": "Exempt", "exempt": {}})["spec"]["exempt"]
    assert exempt == {"nominalConcurrencyShares": 0, "lendablePercent": 0}


@pytest.mark.parametrize("name", ["exempt", "catch-all"])
def test_what_a_server_cannot_be_without(name: str) -> None:
    assert created(KIND, metadata={"name": name}, spec=mandatory()[name]) == []


def test_only_the_exempt_levels_shares_may_differ() -> None:
    shares = {"nominalConcurrencyShares": 5, "lendablePercent": 1}
    assert created(KIND, metadata={"name": "exempt"}, spec={"type": "Exempt", "exempt": shares}) == []
    (error,) = created(KIND, metadata={"name": "catch-all"}, spec=limited(nominalConcurrencyShares=7))
    assert error.endswith("spec of 'catch-all' must equal the fixed value")


AT = "spec.limited.limitResponse"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        (limited(), []),
        (queues(), []),
        ({}, ['spec.type: Unsupported value: "": supported values: "Exempt", "Limited"']),
        ({"type": "Exempt"}, ["spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is "
                              "'exempt'"]),
        ({"type": "Limited"}, ["spec.limited: Required value: must not be empty when type is Limited"]),
        ({**limited(), "exempt": {}}, ["spec.exempt: Forbidden: must be nil if the type is Limited"]),
        (limited(nominalConcurrencyShares=-1, lendablePercent=101, borrowingLimitPercent=-1),
         ["spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer",
          "spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive",
          "spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer"]),
        (limited(limitResponse={"type": "Wait"}),
         [f'{AT}.type: Unsupported value: "Wait": supported values: "Queue", "Reject"']),
        (limited(limitResponse={"type": "Queue"}),
         [f"{AT}.queuing: Required value: must not be empty if limited.limitResponse.type is Limited"]),
        (limited(limitResponse={"type": "Reject", "queuing": {}}),
         [f"{AT}.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited"]),
        (queues(queueLengthLimit=-1, queues=-1, handSize=-1),
         [f"{AT}.queuing.queueLengthLimit: Invalid value: -1: must be positive",
          f"{AT}.queuing.queues: Invalid value: -1: must be positive",
          f"{AT}.queuing.handSize: Invalid value: -1: must be positive"]),
        (queues(queues=10_000_001, handSize=1),
         [f"{AT}.queuing.queues: Invalid value: 10000001: must not be greater than 10000000"]),
        (queues(queues=4), [f"{AT}.queuing.handSize: Invalid value: 8: should not be greater than queues (4)"]),
        (queues(queues=1024, handSize=7),
         [f"{AT}.queuing.handSize: Invalid value: 7: required entropy bits of deckSize 1024 and handSize 7 should not "
          "be greater than 60"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_how_many_bits_deal_a_hand() -> None:
    assert entropy_bits(64, 8) == 48
    assert entropy_bits(1024, 6) == 60


def test_conditions_have_types() -> None:
    assert with_status(KIND, made(KIND, spec=limited()), conditions=[{}]) == [
        "status.conditions[0].type: Required value: must not be empty"
    ]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec=queues()), NOW) == ("a", "Limited", 30, 64, 8, 50, "2m5s")
    exempt = made(KIND, spec={"type": "Exempt"})
    assert KIND.cells(exempt, NOW) == ("a", "Exempt", "<none>", "<none>", "<none>", "<none>", "2m5s")
    assert KIND.strategy.warnings(exempt, None)
