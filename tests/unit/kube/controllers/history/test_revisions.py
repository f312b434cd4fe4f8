import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.controllers.workloads import reference, template, workload
from wherry.kube.controllers.history import revisions
from wherry.kube.controllers.podcontrol.templates import template_hash
from wherry.kube.machinery.model import Object

DB = workload("StatefulSet", "db")


def revision(image: str, number: int) -> Object:
    owner = {**DB, "spec": {**DB["spec"], "template": template(image)}}
    return revisions.revision_of(owner, number, 0, reference(DB))


def test_a_revision_keeps_the_template_as_a_patch() -> None:
    owner = {**DB, "metadata": {**DB["metadata"], "annotations": {"a": "1"}}}
    made = revisions.revision_of(owner, 3, 0, reference(DB))
    hashed = template_hash(template())
    assert made["metadata"] == {
        "name": f"db-{hashed}", "namespace": "default", "annotations": {"a": "1"},
        "labels": {"app": "web", revisions.HASH: hashed, revisions.REVISION_HASH: hashed},
        "ownerReferences": [reference(DB)],
    }  # fmt: skip
    assert made["revision"] == 3 and made["data"] == {"spec": {"template": {**template(), "$patch": "replace"}}}
    assert revisions.template_of(made) == template()


def test_after_a_collision_the_name_is_another_and_a_long_name_is_cut() -> None:
    assert revisions.revision_of(DB, 1, 1, {})["metadata"]["name"] != revision("demo:1", 1)["metadata"]["name"]
    long = revisions.revision_of(workload("StatefulSet", "x" * 250), 1, 0, {})
    assert len(long["metadata"]["name"]) == 223 + 1 + 10


@pytest.mark.parametrize(
    ("images", "image", "found", "number"),
    [
        ([], "a", None, 1),
        (["a"], "a", 0, 1),
        (["a"], "b", None, 2),
        (["a", "b"], "b", 1, 2),
        (["a", "b", "c"], "a", 0, 4),
    ],
)
def test_which_revision_a_template_is(images: list[str], image: str, found: int | None, number: int) -> None:
    here = [revision(each, position) for position, each in enumerate(images, 1)]
    result = revisions.find(template(image), here)
    assert result == revisions.Found(here[found] if found is not None else None, number)


def test_they_are_in_order_of_their_numbers() -> None:
    one, two = revision("a", 2), revision("b", 1)
    assert revisions.in_order([one, two]) == [two, one]


@given(st.integers(0, 8), st.sets(st.integers(0, 7)), st.integers(-1, 8))
def test_of_those_that_nobody_uses_the_latest_are_kept(count: int, live: set[int], limit: int) -> None:
    here = [revision(f"demo:{number}", number) for number in range(count)]
    used = {here[each]["metadata"]["name"] for each in live if each < count}
    gone = revisions.surplus(here, used, limit)
    idle = [each for each in here if each["metadata"]["name"] not in used]
    assert gone == (idle[: max(len(idle) - limit, 0)] if limit >= 0 else [])
    assert revisions.surplus(here, used, None) == []
