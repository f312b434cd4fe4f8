"""The names of a definition, and its approval."""

from typing import Any

import pytest

from tests.unit.kube.kinds.customresourcedefinition.examples import crd
from wherry.kube.kinds.customresourcedefinition.naming import APPROVAL, approval, approval_errors, name_errors
from wherry.kube.machinery.fielderrors import Path


def said(**names: Any) -> list[str]:
    return [str(each) for each in name_errors(names, Path("names"))]


def test_right_names_are_not_complained_of() -> None:
    assert not said(plural="widgets", kind="Widget", listKind="WidgetList", shortNames=["wd"], categories=["all"])
    assert not said()


@pytest.mark.parametrize(
    ("names", "start"),
    [
        ({"plural": "Widgets"}, 'names.plural: Invalid value: "Widgets": a DNS-1035 label must consist of'),
        ({"singular": "9"}, 'names.singular: Invalid value: "9": a DNS-1035 label'),
        (
            {"kind": "Wid.get"},
            'names.kind: Invalid value: "Wid.get": may have mixed case, but should otherwise match: ',
        ),
        ({"kind": "A", "listKind": "A"}, 'names.listKind: Invalid value: "A": kind and listKind may not be the same'),
        ({"shortNames": ["a", "B"]}, 'names.shortNames[1]: Invalid value: "B": a DNS-1035 label'),
        ({"categories": ["a_b"]}, 'names.categories[0]: Invalid value: "a_b": a DNS-1035 label'),
    ],
)
def test_wrong_names_are(names: dict[str, Any], start: str) -> None:
    (error,) = said(**names)
    assert error.startswith(start)


def of_group(group: str, annotation: str = "") -> dict[str, Any]:
    made = crd(group=group)
    made["metadata"]["annotations"] = {APPROVAL: annotation}
    return made


@pytest.mark.parametrize(
    ("annotation", "reason", "given"),
    [
        ("https://github.com/kubernetes/enhancements/pull/1", "ApprovedAnnotation", True),
        ("unapproved, experimental", "UnapprovedAnnotation", False),
        ("somebody", "InvalidAnnotation", False),
        ("", "MissingAnnotation", False),
    ],
)
def test_groups_of_kubernetes_own_need_approval(annotation: str, reason: str, given: bool) -> None:
    found = approval(of_group("sub.k8s.io", annotation))
    assert found is not None
    assert (found.reason, found.is_given) == (reason, given)
    assert approval(of_group("example.com", annotation)) is None


def test_a_new_definition_says_who_approved_it_or_that_nobody_did() -> None:
    path = f"metadata.annotations[{APPROVAL}]"
    (missing,) = (str(each) for each in approval_errors(of_group("a.k8s.io"), None))
    assert missing == (
        f'{path}: Required value: protected groups must have approval annotation "{APPROVAL}", see '
        "https://github.com/kubernetes/enhancements/pull/1111"
    )
    (wrong,) = (str(each) for each in approval_errors(of_group("k8s.io", "no"), None))
    assert wrong.startswith(f'{path}: Invalid value: "no": protected groups must have approval annotation')
    assert not list(approval_errors(of_group("k8s.io", "unapproved"), None))
    assert not list(approval_errors(of_group("example.com"), None))


def test_an_old_one_need_not_change() -> None:
    old = of_group("a.k8s.io")
    assert not list(approval_errors(of_group("a.k8s.io"), old))
    assert list(approval_errors(of_group("a.k8s.io", "no"), old))
