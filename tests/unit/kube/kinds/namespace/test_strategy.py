from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CONTEXT, CREATED, NOW, changed, created, made, with_status
from wherry.kube.kinds.namespace import KIND


def test_a_namespace_says_its_name_and_who_cleans_it() -> None:
    found = made(KIND, metadata={"name": "blue", "labels": {"a": "b"}}, spec={"unknown": 1}, status={"phase": "X"})
    assert found["metadata"]["labels"] == {"a": "b", "kubernetes.io/metadata.name": "blue"}
    assert found["spec"] == {"finalizers": ["kubernetes"]}
    assert found["status"] == {"phase": "Active"}
    assert "generation" not in found["metadata"]


def test_finalizers_of_others_stay() -> None:
    assert made(KIND, spec={"finalizers": ["example.com/x"]})["spec"] == {"finalizers": ["example.com/x", "kubernetes"]}
    assert created(KIND, spec={"finalizers": ["kubernetes", "example.com/x"]}) == []


def test_a_finalizer_is_qualified() -> None:
    (error,) = created(KIND, spec={"finalizers": ["mine"]})
    assert error == (
        'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'
    )


def test_only_the_finalize_subresource_takes_finalizers_away() -> None:
    old = made(KIND)
    new: dict[str, Any] = {**old, "spec": {}}
    assert changed(KIND, old, spec={}) == []
    KIND.strategy.prepare_update(new, old, CONTEXT)
    assert new["spec"] == {"finalizers": ["kubernetes"]}


def test_an_empty_list_of_finalizers_ends_it() -> None:
    old = made(KIND)
    assert changed(KIND, old, "finalize", spec={"finalizers": []}) == []
    (error,) = changed(KIND, old, "finalize", spec={"finalizers": ["mine"]})
    assert error.startswith('spec.finalizers[0]: Invalid value: "mine": name is neither')


@pytest.mark.parametrize(
    ("meta", "phase", "errors"),
    [
        ({}, "Active", []),
        ({"deletionTimestamp": CREATED}, "Terminating", []),
        (
            {},
            "Terminating",
            [
                "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty",
            ],
        ),
        (
            {"deletionTimestamp": CREATED},
            "Active",
            ["status.Phase: Invalid value: \"Active\": may only be 'Terminating' if `deletionTimestamp` is not empty"],
        ),
    ],
)
def test_phases(meta: dict[str, str], phase: str, errors: list[str]) -> None:
    assert with_status(KIND, made(KIND, metadata=meta), phase=phase) == errors


def test_a_row_and_fields() -> None:
    assert KIND.cells is not None
    found = made(KIND, metadata={"name": "blue"})
    assert list(KIND.cells(found, NOW)) == ["blue", "Active", "2m5s"]
    assert KIND.fields(found) == {
        "metadata.name": "blue",
        "metadata.namespace": "",
        "name": "blue",
        "status.phase": "Active",
    }


def test_names_are_labels() -> None:
    assert KIND.check_name("a.b") == ["must not contain dots"]
