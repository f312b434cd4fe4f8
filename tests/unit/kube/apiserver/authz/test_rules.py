"""Rules: what they cover, how they read."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.apiserver.authz.objects import rule, urls, user
from wherry.kube.apiserver.authz import rules
from wherry.kube.apiserver.authz.rules import FULL_AUTHORITY, Matcher, compacted, missing, text
from wherry.kube.apiserver.model import Attributes, Rule

WORDS = st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=2, unique=True).map(tuple)
RESOURCES = st.lists(st.sampled_from(["a", "b", "a/s", "*/s", "*"]), min_size=1, max_size=3, unique=True).map(tuple)
NAMES = st.lists(st.sampled_from(["x", "y"]), max_size=2, unique=True).map(tuple)
PATHS = st.lists(st.sampled_from(["/a", "/a/*", "/a*", "*", "/b"]), min_size=1, max_size=2, unique=True).map(tuple)
RULES = st.lists(
    st.one_of(
        st.builds(Rule, verbs=WORDS, groups=WORDS, resources=RESOURCES, names=NAMES),
        st.builds(Rule, verbs=WORDS, paths=PATHS),
    ),
    max_size=4,
)
QUESTIONS = st.one_of(
    st.builds(
        Attributes, user=st.just(user("u")), verb=st.sampled_from("abc"), group=st.sampled_from("abc"),
        resource=st.sampled_from("abc"), subresource=st.sampled_from(["", "s", "t"]),
        name=st.sampled_from(["", "x", "z"]),
    ),
    st.builds(
        Attributes, user=st.just(user("u")), verb=st.sampled_from("abc"),
        path=st.sampled_from(["/a", "/a/c", "/ab", "/b", "/b/c"]),
    ),
)  # fmt: skip


def allow(owned: list[Rule], asked: Attributes) -> bool:
    return any(Matcher.of(each).allows(asked) for each in owned)


@given(RULES, RULES, QUESTIONS)
def test_who_covers_rules_may_do_everything_that_they_allow(
    owned: list[Rule], wanted: list[Rule], asked: Attributes
) -> None:
    if not missing(owned, wanted) and allow(wanted, asked):
        assert allow(owned, asked)


@given(RULES, RULES)
def test_with_what_was_missing_nothing_is_missing(owned: list[Rule], wanted: list[Rule]) -> None:
    assert missing(owned + missing(owned, wanted), wanted) == []


@given(RULES)
def test_compacted_rules_are_the_same_rights(given_rules: list[Rule]) -> None:
    smaller = compacted(missing([], given_rules))

    assert missing(smaller, given_rules) == []
    assert missing(given_rules, smaller) == []


@given(RULES)
def test_full_authority_covers_everything(wanted: list[Rule]) -> None:
    assert missing(list(FULL_AUTHORITY), wanted) == []


@given(RULES)
def test_a_rule_is_the_same_after_a_trip_through_its_object(given_rules: list[Rule]) -> None:
    role = {"rules": [rules.to_object(each) for each in given_rules]}
    assert list(rules.rules_of(role)) == given_rules


def test_a_role_without_rules_has_none() -> None:
    assert rules.rules_of({"rules": None}) == ()
    assert rules.rules_of({}) == ()


def test_what_is_missing_is_broken_down_to_one_verb_resource_and_name() -> None:
    assert missing([rule("get", "pods")], [rule("get list", "pods secrets")]) == [
        rule("list", "pods"), rule("get", "secrets"), rule("list", "secrets")
    ]  # fmt: skip


def test_a_name_is_covered_by_rules_without_names_and_by_its_own() -> None:
    named = rule("get", "pods", names="x")
    assert missing([rule("get", "pods")], [named]) == []
    assert missing([rule("get", "pods", names="x y")], [named]) == []
    assert missing([rule("get", "pods", names="y")], [named]) == [named]
    assert missing([named], [rule("get", "pods")]) == [rule("get", "pods")]


def test_a_subresource_of_everything_covers_it_on_each_resource() -> None:
    assert missing([rule("get", "*/scale")], [rule("get", "deployments/scale")]) == []
    assert missing([rule("get", "*/scale")], [rule("get", "deployments")]) == [rule("get", "deployments")]
    assert missing([rule("get", "deployments/scale")], [rule("get", "*/scale")]) == [rule("get", "*/scale")]


def test_wildcards_are_covered_by_wildcards_alone() -> None:
    assert missing([rule("get list watch", "pods")], [rule("*", "pods")]) == [rule("*", "pods")]
    assert missing([rule("get", "pods secrets")], [rule("get", "*")]) == [rule("get", "*")]
    assert missing([urls("get", "/a /b")], [urls("get", "*")]) == [urls("get", "*")]
    assert missing([urls("get", "/a/*")], [urls("get", "/a/b /a/b/* /a")]) == [urls("get", "/a")]


def test_rules_read_as_upstreams() -> None:
    assert text(rule("get list", "pods pods/log", "apps", "x")) == (
        '{APIGroups:["apps"], Resources:["pods" "pods/log"], ResourceNames:["x"], Verbs:["get" "list"]}'
    )
    assert text(rule("get", "pods")) == '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'
    assert text(urls("get", "/a")) == '{NonResourceURLs:["/a"], Verbs:["get"]}'


def test_rules_of_one_resource_become_one_line() -> None:
    found = compacted([rule("get", "pods"), rule("get", "pods", names="x"), rule("list", "pods"), urls("get", "/a")])
    assert found == [rule("get", "pods", names="x"), urls("get", "/a"), rule("get list", "pods")]
