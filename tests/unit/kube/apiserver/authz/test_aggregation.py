"""Cluster roles put together of others."""

import pytest

from tests.unit.kube.apiserver.authz.objects import role, rule
from wherry.kube.apiserver.authz.aggregation import aggregate
from wherry.kube.apiserver.authz.rules import to_object
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

GET, LIST, WATCH = (rule(verb, "pods") for verb in ("get", "list", "watch"))


def aggregated(*selectors: Object, rules: list[Object] | None = None) -> Object:
    return {**role("all"), "aggregationRule": {"clusterRoleSelectors": list(selectors)}, "rules": rules}


def matching(**labels: str) -> Object:
    return {"matchLabels": labels}


def test_it_has_the_rules_of_all_roles_that_a_selector_finds_each_once_in_the_order_of_names() -> None:
    roles = [
        role("b", LIST, GET, labels={"to": "all"}),
        role("a", GET, labels={"to": "all"}),
        role("c", WATCH, labels={"to": "others"}),
        aggregated(matching(to="all")),
    ]
    assert aggregate(roles[-1], roles) == [to_object(GET), to_object(LIST)]


def test_selectors_come_one_after_the_other() -> None:
    roles = [role("a", GET, labels={"x": "1"}), role("b", LIST, labels={"y": "1"})]
    assert aggregate(aggregated(matching(y="1"), matching(x="1")), roles) == [to_object(LIST), to_object(GET)]


def test_it_does_not_take_itself_in() -> None:
    own = {**aggregated(matching(to="all"), rules=[to_object(GET)])}
    own["metadata"]["labels"] = {"to": "all"}
    assert aggregate(own, [own]) == []


def test_nothing_is_to_be_done_when_it_has_them_or_does_not_aggregate() -> None:
    roles = [role("a", GET, labels={"to": "all"})]
    assert aggregate(aggregated(matching(to="all"), rules=[to_object(GET)]), roles) is None
    assert aggregate(aggregated(matching(to="nothing")), roles) is None
    assert aggregate(role("plain", GET), roles) is None


def test_a_selector_that_is_none_is_refused() -> None:
    with pytest.raises(StatusError):
        aggregate(aggregated({"matchExpressions": [{"key": "a", "operator": "Near"}]}), [role("a")])
