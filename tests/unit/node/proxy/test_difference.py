from hypothesis import given
from hypothesis import strategies as st

from wherry.node.proxy.apply import changed
from wherry.node.proxy.difference import difference, together, united
from wherry.node.proxy.model import Chain, Change, Ruleset

NAMES = st.sampled_from("abc")
TEXTS = st.sampled_from(["x", "y", "z"])


@st.composite
def rulesets(draw: st.DrawFn) -> Ruleset:
    sets = draw(st.dictionaries(NAMES, st.just("type mark;")))
    chains = draw(st.dictionaries(NAMES, TEXTS.map(lambda rule: Chain((rule,)))))
    elements = {name: draw(st.dictionaries(TEXTS, TEXTS, min_size=1)) for name in sets}
    return Ruleset(sets, chains, elements)


@given(rulesets(), rulesets())
def test_a_difference_leads_from_one_to_the_other(old: Ruleset, new: Ruleset) -> None:
    assert changed(old, difference(old, new)) == new


@given(rulesets())
def test_from_the_same_to_the_same_is_no_way(ruleset: Ruleset) -> None:
    assert not difference(ruleset, ruleset)


def test_a_value_that_changes_goes_and_comes() -> None:
    old = Ruleset({"m": "type a : b;"}, {}, {"m": {"k": "1"}})
    change = difference(old, Ruleset({"m": "type a : b;"}, {}, {"m": {"k": "2"}}))
    assert (change.delete, change.add) == ({"m": {"k": "1"}}, {"m": {"k": "2"}})


def test_elements_of_sets_that_others_declare_count_too() -> None:
    change = difference(Ruleset(), Ruleset({}, {}, {"ports": {"a": ""}}))
    assert change.add == {"ports": {"a": ""}}


def test_parts_are_put_together() -> None:
    one, two = Change(add={"a": {"x": ""}}, old_sets=["p"]), Change(add={"a": {"y": ""}}, delete={"b": {"z": ""}})
    both = together(one, two)
    assert (both.add, both.delete, both.old_sets) == ({"a": {"x": "", "y": ""}}, {"b": {"z": ""}}, ["p"])
    whole = united(Ruleset({"a": "t"}, {}, {"a": {"x": ""}}), Ruleset({}, {"c": Chain(())}, {"a": {"y": ""}}))
    assert whole == Ruleset({"a": "t"}, {"c": Chain(())}, {"a": {"x": "", "y": ""}})
