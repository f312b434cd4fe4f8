"""Defaults and rules of Jobs."""

import pytest

from tests.unit.kube.kinds.objects import changed, created, made, pod_spec, with_status
from tests.unit.kube.kinds.workloads import job
from wherry.kube.kinds.job import KIND
from wherry.kube.machinery.model import Object


def test_what_is_left_out_is_filled_in() -> None:
    spec = made(KIND, spec=job())["spec"]
    assert (spec["completions"], spec["parallelism"], spec["backoffLimit"]) == (1, 1, 6)
    assert (spec["completionMode"], spec["podReplacementPolicy"]) == ("NonIndexed", "TerminatingOrFailed")
    assert (spec["suspend"], spec["manualSelector"]) == (False, False)


def test_defaults_that_depend_on_others() -> None:
    assert "completions" not in made(KIND, spec=job(parallelism=3))["spec"]
    limited = made(KIND, spec=job(completionMode="Indexed", completions=2, backoffLimitPerIndex=1))["spec"]
    assert limited["backoffLimit"] == 2147483647
    rule = {"action": "Ignore", "onPodConditions": [{"type": "Ready"}]}
    failing = made(KIND, spec=job(podFailurePolicy={"rules": [rule]}))["spec"]
    assert failing["podReplacementPolicy"] == "Failed"
    assert failing["podFailurePolicy"]["rules"][0]["onPodConditions"] == [{"type": "Ready", "status": "True"}]


def test_a_job_has_the_labels_of_its_template() -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod_spec(restartPolicy="Never")}
    assert made(KIND, spec=job(template=template))["metadata"]["labels"] == {"a": "b"}


def test_a_job_is_deleted_without_its_pods_as_ever() -> None:
    assert KIND.delete_strategy == "orphan"


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, []),
        ({"spec": job(completions=-1)},
         ["spec.completions: Invalid value: -1: must be greater than or equal to 0"]),
        ({"spec": job(manualSelector=True)},
         ["spec.selector: Required value",
          "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`"]),
        ({"metadata": {"name": "a" * 62}, "spec": job(completionMode="Indexed", completions=2)},
         [f'metadata.name: Invalid value: "{"a" * 62}": will not able to create pod with invalid DNS label: '
          f'{"a" * 62}-1']),
    ],
)  # fmt: skip
def test_what_is_wrong(fields: Object, errors: list[str]) -> None:
    assert created(KIND, **{"spec": job(), **fields}) == errors


def test_what_may_change() -> None:
    old = made(KIND, spec=job())
    assert changed(KIND, old, spec={**old["spec"], "parallelism": 3, "suspend": True}) == []
    assert changed(KIND, old, spec={**old["spec"], "completions": 3}) == [
        "spec.completions: Invalid value: 3: field is immutable"
    ]
    assert changed(KIND, old, spec={**old["spec"], "managedBy": "a.io/b"}) == [
        'spec.managedBy: Invalid value: "a.io/b": field is immutable'
    ]


def test_an_indexed_job_changes_its_size_as_a_whole() -> None:
    old = made(KIND, spec=job(completionMode="Indexed", completions=2, parallelism=2))
    assert changed(KIND, old, spec={**old["spec"], "completions": 3, "parallelism": 3}) == []
    assert changed(KIND, old, spec={**old["spec"], "completions": 3}) == [
        "spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism"
    ]


def test_alpha_fields_are_dropped() -> None:
    assert "scheduling" not in made(KIND, spec=job(scheduling={"x": 1}))["spec"]


def test_a_status_is_looked_at() -> None:
    old = made(KIND, spec=job())
    assert with_status(KIND, old, terminating=-1) == [
        "status.terminating: Invalid value: -1: must be greater than or equal to 0"
    ]
