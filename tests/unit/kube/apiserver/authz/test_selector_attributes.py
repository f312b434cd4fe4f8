"""Selectors in questions about rights."""

import pytest

from wherry.kube.apiserver.authz.selector_attributes import as_text, validate_selectors
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import parse_fields

PATH = Path("spec.resourceAttributes")


def requirement(key: str, operator: str, *values: str) -> Object:
    return {"key": key, "operator": operator, "values": list(values)}


def test_requirements_as_a_query_parameter() -> None:
    selector = {"requirements": [requirement("a", "In", "x"), requirement("b", "NotIn", "y,=\\")]}
    text = as_text(selector)

    assert text == r"a=x,b!=y\,\=\\"
    assert parse_fields(text).requires("a") == "x"


def test_what_has_no_such_form_is_left_out() -> None:
    assert as_text({"requirements": [requirement("a", "In", "x", "y"), requirement("b", "Exists")]}) == ""
    assert as_text(None) == ""
    assert as_text({"rawSelector": "a=b"}) == "a=b"


@pytest.mark.parametrize("name", ["fieldSelector", "labelSelector"])
@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ({"rawSelector": "a=b"}, []),
        ({"requirements": [requirement("a", "In", "x"), requirement("b", "DoesNotExist")]}, []),
        ({"rawSelector": "a", "requirements": [requirement("a", "Exists")]},
         ['{}.rawSelector: Invalid value: "a": may not specified at the same time as requirements']),
        ({}, ["{}.requirements: Required value: when {} is specified, requirements or rawSelector is required"]),
        ({"requirements": [requirement("", "In")]},
         ["{}.requirements[0].key: Required value: must be specified",
          "{}.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"]),
        ({"requirements": [requirement("a", "Exists", "x")]},
         ["{}.requirements[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"]),
        ({"requirements": [requirement("a", "Near", "x")]},
         ['{}.requirements[0].operator: Unsupported value: "Near": supported values: "DoesNotExist", "Exists", "In", '
          '"NotIn"']),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_selector(name: str, selector: Object, said: list[str]) -> None:
    where = f"{PATH}.{name}"
    expected = [each.replace("{}", where) for each in said]
    assert [str(each) for each in validate_selectors({name: selector}, PATH)] == expected


def test_no_selectors_are_fine() -> None:
    assert validate_selectors({}, PATH) == []
