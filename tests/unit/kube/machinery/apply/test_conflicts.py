"""Conflicts as upstream tells them."""

from wherry.kube.machinery.apply.conflicts import refusal
from wherry.kube.machinery.apply.entries import owner_of
from wherry.kube.machinery.apply.fieldsets import of_paths


def test_one_conflict_is_told_in_one_line() -> None:
    owner = owner_of("kubectl-client-side-apply", "Update", "apps/v1", "")
    error = refusal({owner: of_paths(["spec.replicas"])})
    assert error.message == (
        'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas'
    )
    assert error.status == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": error.message,
        "reason": "Conflict",
        "details": {
            "causes": [
                {
                    "reason": "FieldManagerConflict",
                    "message": 'conflict with "kubectl-client-side-apply" using apps/v1',
                    "field": ".spec.replicas",
                }
            ]
        },
        "code": 409,
    }


def test_several_are_grouped_by_manager() -> None:
    error = refusal(
        {
            owner_of("b", "Update", "v1", "status"): {"f:status": {'k:{"name":"x"}': {"f:phase": {}}}},
            owner_of("a", "Apply", "v1", ""): of_paths(["spec.b", "spec.a", "data"]),
        }
    )
    assert error.message == (
        "Apply failed with 4 conflicts: "
        'conflicts with "a":\n- .data\n- .spec.a\n- .spec.b\n'
        'conflicts with "b" with subresource "status" using v1:\n- .status[name="x"].phase'
    )
    assert len(error.details["causes"]) == 4
