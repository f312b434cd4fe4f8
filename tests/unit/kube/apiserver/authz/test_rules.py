"""Rules: what they cover, how they read."""

from itertools import product

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


def _all_missing(owned: list[Rule], wanted: list[Rule]) -> list[Rule]:
    """By looking at each combination."""
    combined = [
        Rule((verb,), (group,), (resource,), (name,) if each.names else ())
        for each in wanted
        for group, resource, verb, name in product(each.groups, each.resources, each.verbs, each.names or ("",))
    ]
    combined += [Rule((verb,), paths=(path,)) for each in wanted for path, verb in product(each.paths, each.verbs)]
    return [atom for atom in combined if not any(_has(owner, atom) for owner in owned)]


def _has(owner: Rule, atom: Rule) -> bool:
    if not {"*", *atom.verbs} & set(owner.verbs):
        return False
    if atom.paths:
        return not owner.names and rules.path_matches(owner.paths, atom.paths[0])
    resource = atom.resources[0]
    covering = {"*", resource} | ({f"*/{resource.partition('/')[2]}"} if "/" in resource else set())
    is_named = not owner.names or bool(set(owner.names) & set(atom.names))
    return is_named and bool({"*", *atom.groups} & set(owner.groups) and covering & set(owner.resources))


@given(RULES, RULES)
def test_what_is_missing_is_what_a_look_at_each_combination_finds(owned: list[Rule], wanted: list[Rule]) -> None:
    found = missing(owned, wanted)
    assert sorted(map(text, found)) == sorted(map(text, _all_missing(owned, wanted)))
    assert missing(owned, wanted, 2) == found[:2]


def test_a_rule_of_a_million_rights_is_not_looked_at_one_by_one() -> None:
    values = tuple(f"v{number}" for number in range(3000))
    wide = Rule(values, values, values, values)  # 81 million millions
    assert missing([Rule(("*",), ("*",), ("*",))], [wide]) == []
    assert missing([Rule(values, values, values, values[:-1])], [wide], 3) == [
        Rule((verb,), ("v0",), ("v0",), ("v2999",)) for verb in values[:3]
    ]
    assert len(missing([], [wide], 1000)) == 1000
