"""What becomes of a definition."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kinds.customresourcedefinition.examples import crd
from wherry.kube.kinds.customresourcedefinition.conditions import conditions
from wherry.kube.kinds.customresourcedefinition.naming import APPROVAL

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def of(name: str, **names: Any) -> dict[str, Any]:
    made = crd()
    made["metadata"]["name"] = f"{name}.example.com"
    kind = name.capitalize()
    made["spec"]["names"] = {"plural": name, "singular": name, "kind": kind, "listKind": f"{kind}List", **names}
    return made


def settled(made: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    made["status"] = conditions(made, others, NOW)
    return made


def shown(status: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    return {each["type"]: (each["status"], each["reason"], each["message"]) for each in status["conditions"]}


ACCEPTED = ("True", "NoConflicts", "no conflicts found")
ESTABLISHED = ("True", "InitialNamesAccepted", "the initial names have been accepted")


def test_free_names_are_accepted_and_the_kind_is_established() -> None:
    made = of("widgets", shortNames=["wd"], categories=["all"])
    status = conditions(made, [made], NOW)
    assert shown(status) == {"NamesAccepted": ACCEPTED, "Established": ESTABLISHED}
    assert status["acceptedNames"] == made["spec"]["names"]
    assert status["storedVersions"] == ["v1"]
    assert {each["lastTransitionTime"] for each in status["conditions"]} == {"2026-01-02T00:00:00Z"}


def test_a_name_that_another_has_is_not_given_twice() -> None:
    first = settled(of("widgets", shortNames=["wd"]))
    second = of("gadgets", shortNames=["wd"])
    status = conditions(second, [first, second], NOW)
    assert shown(status) == {
        "NamesAccepted": ("False", "ShortNamesConflict", '"wd" is already in use'),
        "Established": ("False", "NotAccepted", "not all names are accepted"),
    }
    assert status["acceptedNames"]["plural"] == "gadgets" and "shortNames" not in status["acceptedNames"]
    kind = conditions(of("things", kind="Widgets"), [first], NOW)
    assert shown(kind)["NamesAccepted"] == ("False", "KindConflict", '"Widgets" is already in use')


def test_a_short_name_may_be_another_ones_plural_as_little() -> None:
    status = conditions(of("gadgets", shortNames=["widgets"]), [settled(of("widgets"))], NOW)
    assert shown(status)["NamesAccepted"][1] == "ShortNamesConflict"


def test_in_other_groups_names_are_free() -> None:
    other = settled(of("widgets"))
    other["spec"]["group"] = "elsewhere.com"
    other["metadata"]["name"] = "widgets.elsewhere.com"
    assert shown(conditions(of("widgets"), [other], NOW))["Established"] == ESTABLISHED


def test_when_the_other_has_gone_the_name_is_free() -> None:
    second = settled(of("gadgets", shortNames=["wd"]), settled(of("widgets", shortNames=["wd"])))
    status = conditions(second, [second], LATER)
    assert shown(status) == {"NamesAccepted": ACCEPTED, "Established": ESTABLISHED}
    assert {each["lastTransitionTime"] for each in status["conditions"]} == {"2026-01-02T01:00:00Z"}


def test_what_is_established_stays_so() -> None:
    made = settled(of("widgets"))
    made["spec"]["names"]["shortNames"] = ["wd"]
    status = conditions(made, [settled(of("gadgets", shortNames=["wd"]))], LATER)
    assert shown(status)["NamesAccepted"][0] == "False"
    assert shown(status)["Established"] == ESTABLISHED
    assert "shortNames" not in status["acceptedNames"]


def test_a_name_that_is_no_longer_asked_for_is_given_up() -> None:
    made = settled(of("widgets", shortNames=["wd"], categories=["all"]))
    del made["spec"]["names"]["shortNames"], made["spec"]["names"]["categories"]
    assert conditions(made, [], LATER)["acceptedNames"] == made["spec"]["names"]


def test_the_approval_is_told_in_groups_that_need_one() -> None:
    made = of("widgets")
    made["spec"]["group"] = "example.k8s.io"
    made["metadata"]["annotations"] = {APPROVAL: "https://example.com/1"}
    assert shown(conditions(made, [], NOW))["KubernetesAPIApprovalPolicyConformant"] == (
        "True",
        "ApprovedAnnotation",
        "approved in https://example.com/1",
    )


def test_what_is_deleted_is_terminating() -> None:
    made = settled(of("widgets"))
    made["metadata"]["deletionTimestamp"] = "2026-01-02T00:00:00Z"
    assert shown(conditions(made, [], NOW))["Terminating"][:2] == ("True", "InstanceDeletionInProgress")


NAMES = st.sampled_from(["a", "b", "c"])
WANTED = st.tuples(NAMES, NAMES, st.lists(NAMES, max_size=2, unique=True))


@given(st.lists(WANTED, max_size=3, unique_by=lambda each: each[0]))
def test_no_two_have_a_name_and_soon_nothing_changes_any_more(wanted: list[Any]) -> None:
    all_of_them = [of(plural, kind=kind.upper(), shortNames=short) for plural, kind, short in wanted]
    for _ in range(4):
        for made in all_of_them:
            made["status"] = conditions(made, all_of_them, NOW)
    kinds = [made["status"]["acceptedNames"].get("kind") for made in all_of_them]
    given_kinds = [each for each in kinds if each]
    assert len(given_kinds) == len(set(given_kinds))
    for made in all_of_them:
        before = copy.deepcopy(made["status"])
        assert conditions(made, all_of_them, LATER) == before
