"""What is asked of devices."""

from typing import Any

import pytest

from tests.unit.kube.kinds.devices.examples import claim, exactly, opaque, request
from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.devices.claims import default_claim, names_of_requests, validate_claim, validate_reference
from wherry.kube.kinds.rules import SPEC
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

AT = "spec.devices.requests[0]"
EITHER = "exactly one of `exactly` or `firstAvailable` is required"


def choice(*alternatives: Object) -> Object:
    return {"name": "one", "firstAvailable": list(alternatives)}


def alternative(name: str = "a", **fields: Any) -> Object:
    return {"name": name, **exactly(**fields)}


def test_what_is_left_out_is_filled_in() -> None:
    plain = {"name": "one", "exactly": {"deviceClassName": "gpu", "tolerations": [{"key": "a"}]}}
    every = choice({"name": "a", "deviceClassName": "gpu", "allocationMode": "All"})
    sized = {"name": "two", "exactly": {"capacity": {"requests": {"memory": "1024Mi"}}}}
    spec = claim(plain, every, sized)
    default_claim(spec)
    first, second, third = spec["devices"]["requests"]
    assert first["exactly"]["allocationMode"] == "ExactCount"
    assert first["exactly"]["count"] == 1
    assert first["exactly"]["tolerations"] == [{"key": "a", "operator": "Equal"}]
    assert "count" not in second["firstAvailable"][0]
    assert third["exactly"]["capacity"] == {"requests": {"memory": "1Gi"}}


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        (claim(), []),
        ({}, []),
        (claim(choice(alternative(), alternative("b"))), []),
        (claim(request(allocationMode="All", count=0)), []),
        (claim(constraints=[{"matchAttribute": "a.io/numa", "requests": ["one"]}], config=[opaque()]), []),
        (claim({"name": "one"}), [f"{AT}: Required value: {EITHER}"]),
        (claim({**request(), "firstAvailable": [alternative()]}),
         [f"{AT}: Invalid value: null: {EITHER}, but multiple fields are set"]),
        (claim(request(deviceClassName="")), [f"{AT}.exactly.deviceClassName: Required value"]),
        (claim(request(count=0)), [f"{AT}.exactly.count: Invalid value: 0: must be greater than zero"]),
        (claim(request(allocationMode="All")),
         [f"{AT}.exactly.count: Invalid value: 1: must not be specified when allocationMode is 'All'"]),
        (claim(request(allocationMode="Some")),
         [f'{AT}.exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"']),
        (claim(request(adminAccess=True)),
         [f"{AT}.exactly.adminAccess: Forbidden: this server does not look at the namespace's label for administrative "
          "access yet: no claim has it"]),
        (claim(request(), request()), ['spec.devices.requests[1]: Duplicate value: "one"']),
        (claim(choice(alternative(), alternative())), [f'{AT}.firstAvailable[1]: Duplicate value: "a"']),
        (claim(*(request(f"r{n}") for n in range(33))),
         ["spec.devices.requests: Too many: 33: must have at most 32 items"]),
        (claim(request(derivedAttributes=[{"name": "a.io/x", "expression": "1"}])),
         [f'{AT}.exactly.derivedAttributes[0].name: Invalid value: "a.io/x": must be referenced by at least one '
          "matchAttribute or distinctAttribute constraint targeting this request"]),
        (claim(request(derivedAttributes=[{}]), constraints=[{"matchAttribute": "a.io/x"}]),
         [f"{AT}.exactly.derivedAttributes[0].name: Required value",
          f"{AT}.exactly.derivedAttributes[0].expression: Required value"]),
        (claim(constraints=[{}]),
         ['spec.devices.constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is '
          "required, but multiple fields are set"]),
        (claim(constraints=[{"matchAttribute": "a.io/x", "requests": ["two", "one", "one"]}]),
         ['spec.devices.constraints[0].requests[0]: Invalid value: "two": must be the name of a request in the claim '
          "or the name of a request and a subrequest separated by '/'",
          'spec.devices.constraints[0].requests[2]: Duplicate value: "one"']),
        (claim(config=[{"requests": ["one"]}]), ["spec.devices.config[0].opaque: Required value"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert said(validate_claim(spec, SPEC)) == errors


@pytest.mark.parametrize("scope", [[], ["one"], ["one/a"]])
def test_a_derived_attribute_is_compared_where_it_is(scope: list[str]) -> None:
    derived = [{"name": "a.io/x", "expression": "1"}]
    spec = claim(
        choice(alternative(derivedAttributes=derived)),
        constraints=[{"distinctAttribute": "a.io/x", "requests": scope}],
    )
    assert said(validate_claim(spec, SPEC)) == []


@pytest.mark.parametrize(("reference", "fits"), [("one", True), ("one/a", True), ("one/b", False), ("one/a/b", False)])
def test_references_to_requests(reference: str, fits: bool) -> None:
    known = names_of_requests(claim(choice(alternative()))["devices"])
    assert (not validate_reference(reference, known, Path("at"))) is fits
