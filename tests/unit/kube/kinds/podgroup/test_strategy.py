"""Rules of PodGroups."""

from tests.unit.kube.kinds.objects import changed, created, made, with_status
from wherry.kube.kinds.podgroup import KIND

GANG = {"schedulingPolicy": {"gang": {"minCount": 2}}}


def test_it_may_be_made_from_a_template() -> None:
    assert created(KIND, spec={**GANG, "workloadRef": {"workloadName": "w", "templateName": "t"}}) == []
    assert created(KIND, spec={**GANG, "workloadRef": {}}) == [
        "spec.workloadRef.workloadName: Required value",
        "spec.workloadRef.templateName: Required value",
    ]


def test_it_hardly_changes() -> None:
    old = made(KIND, spec=GANG)
    assert changed(KIND, old, spec={"schedulingPolicy": {"gang": {"minCount": 3}}}) == []
    assert changed(KIND, old, spec={**GANG, "priority": 3}) == ["spec.priority: Invalid value: 3: field is immutable"]


def test_alpha_fields_are_dropped() -> None:
    assert "parentCompositePodGroupName" not in made(KIND, spec={**GANG, "parentCompositePodGroupName": "x"})["spec"]


def test_claims_of_a_status_are_its_own() -> None:
    old = made(KIND, spec={**GANG, "resourceClaims": [{"name": "gpu", "resourceClaimName": "one"}]})
    assert with_status(KIND, old, resourceClaimStatuses=[{"name": "gpu"}]) == []
    assert with_status(KIND, old, resourceClaimStatuses=[{"name": "x"}]) == [
        'status.resourceClaimStatuses[0].name: Invalid value: "x": must match the name of an entry in '
        "`spec.resourceClaims`"
    ]
