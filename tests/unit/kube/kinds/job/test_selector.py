"""The labels that tell the pods of one job from all others."""

import pytest

from tests.unit.kube.kinds.objects import created, made
from tests.unit.kube.kinds.workloads import job
from wherry.kube.kinds.job import KIND, selector
from wherry.kube.machinery.model import Object

OWN = {
    "controller-uid": "u",
    "job-name": "a",
    "batch.kubernetes.io/controller-uid": "u",
    "batch.kubernetes.io/job-name": "a",
}


def test_labels_and_selector_are_made_for_it() -> None:
    obj = made(KIND, spec=job())
    assert obj["spec"]["template"]["metadata"]["labels"] == OWN
    assert obj["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}}


def test_whoever_chooses_gets_nothing() -> None:
    template = {"metadata": {"labels": {"a": "b"}}, **job()["template"]}
    chosen = {"matchLabels": {"a": "b"}}
    obj = made(KIND, spec=job(template=template, selector=chosen, manualSelector=True))
    assert obj["spec"]["template"]["metadata"]["labels"] == {"a": "b"}
    assert obj["spec"]["selector"] == chosen
    assert selector.validate(obj) == []


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"template": {"metadata": {"labels": {"job-name": "other"}}, **job()["template"]}}, 1),
        ({"selector": {"matchLabels": {"a": "b"}}}, 2),
    ],
)
def test_what_was_not_generated_is_refused(spec: Object, errors: int) -> None:
    found = created(KIND, spec=job(**spec))
    assert len(found) == errors
    assert found[0].endswith((": must be 'a'", "`selector` not auto-generated"))


def test_without_an_identity_there_is_no_selector() -> None:
    obj = made(KIND, metadata={"uid": ""}, spec=job())
    assert "metadata.uid: Required value" in [str(each) for each in selector.validate(obj)]


def test_a_selector_never_changes() -> None:
    old, new = made(KIND, spec=job()), made(KIND, spec=job())
    new["spec"]["selector"] = {}
    assert [str(each) for each in selector.unchanged(new, old)] == [
        "spec.selector: Invalid value: {}: field is immutable"
    ]
