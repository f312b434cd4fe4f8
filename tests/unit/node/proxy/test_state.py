"""What one change changes: whatever the way, the end is the same."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.node.proxy.objects import NODE
from wherry.node.proxy.apply import changed
from wherry.node.proxy.model import Entry, Frontend, Ruleset, ServicePlan, Target
from wherry.node.proxy.state import Services

TARGETS = st.frozensets(st.integers(1, 40).map(lambda number: Target(f"10.0.0.{number}", 8080)), max_size=25)
FRONTENDS = st.sampled_from(
    [
        Frontend.at("10.96.0.1", "tcp", 80),
        Frontend.at("10.96.0.1", "udp", 80),
        Frontend.at("192.0.2.1", "tcp", 80),
        Frontend.of_node(False, "tcp", 30080),
    ]
)


@st.composite
def plans(draw: st.DrawFn) -> ServicePlan:
    entries = []
    for frontend in draw(st.lists(FRONTENDS, unique=True, max_size=3)):
        targets = draw(TARGETS)
        outside = draw(st.none() | st.just(frozenset(sorted(targets)[:3])))
        seconds = draw(st.sampled_from([0, 0, 60]))
        entries.append(Entry(frontend, targets, outside, affinity_seconds=seconds))
    local = frozenset(target.address for entry in entries for target in sorted(entry.targets)[:2])
    return ServicePlan(tuple(entries), local)


KEYS = st.sampled_from([("default", name) for name in "abc"])
STEPS = st.lists(st.dictionaries(KEYS, plans(), min_size=1), max_size=8)


def meaning(ruleset: Ruleset) -> dict[str, Counter[str]]:
    """Its elements, but for the order of endpoints."""
    found: dict[str, Counter[str]] = {}
    for name, keys in ruleset.elements.items():
        is_ordered = name.endswith(("endpoints", "choices"))
        texts = [f"{key.rpartition(' . ')[0] if is_ordered else key} : {value}" for key, value in keys.items()]
        if texts:
            found[name] = Counter(texts)
    return found


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_changes_lead_where_planning_anew_leads(steps: list[dict[tuple[str, str], ServicePlan]]) -> None:
    services = Services(NODE)
    kernel = services.ruleset()
    last: dict[tuple[str, str], ServicePlan] = {}
    for step in steps:
        last |= step
        kernel = changed(kernel, services.update(step))  # refuses what the kernel would
        ours = services.ruleset()
        assert kernel.chains == ours.chains
        assert kernel.sets == ours.sets
        assert {name: keys for name, keys in ours.elements.items() if keys} == kernel.elements
    fresh = Services(NODE)
    fresh.update(last)
    assert meaning(fresh.ruleset()) == meaning(services.ruleset())


@given(st.dictionaries(KEYS, plans(), min_size=1))
def test_the_same_again_changes_nothing(given_plans: dict[tuple[str, str], ServicePlan]) -> None:
    services = Services(NODE)
    services.update(given_plans)
    assert not services.update(given_plans)


def test_a_frontend_of_two_services_is_the_firsts() -> None:
    frontend = Frontend.at("192.0.2.1", "tcp", 80)
    one, two = (ServicePlan((Entry(frontend, frozenset({Target(f"10.0.0.{n}", 80)})),)) for n in (1, 2))
    services = Services(NODE)
    services.update({("b", "two"): two})
    services.update({("a", "one"): one})
    assert services.entry(frontend) == one.entries[0]
    services.update({("a", "one"): ServicePlan()})
    assert services.entry(frontend) == two.entries[0]
    services.update({("b", "two"): ServicePlan()})
    assert services.entry(frontend) is None
    assert services.plans == {}


def test_one_endpoint_of_many_touches_few_elements() -> None:
    frontend = Frontend.at("10.96.0.1", "tcp", 80)
    targets = {Target(f"10.0.{number >> 8}.{number & 255}", 80) for number in range(1000)}
    services = Services(NODE)
    services.update({("a", "a"): ServicePlan((Entry(frontend, frozenset(targets)),))})
    less = frozenset(targets - {Target("10.0.1.7", 80)})
    change = services.update({("a", "a"): ServicePlan((Entry(frontend, less),))})
    assert sum(len(keys) for keys in (*change.delete.values(), *change.add.values())) <= 3
    assert not change.set_chains


def test_rules_come_with_a_new_size_and_stay() -> None:
    frontend = Frontend.at("10.96.0.1", "tcp", 80)

    def plan(count: int) -> dict[tuple[str, str], ServicePlan]:
        return {("a", "a"): ServicePlan((Entry(frontend, frozenset(Target(f"10.0.0.{n}", 80) for n in range(count))),))}

    services = Services(NODE)
    assert not services.update(plan(3)).set_chains
    assert set(services.update(plan(7)).set_chains) == {"a4-pick"}
    assert not services.update(plan(3)).set_chains
    assert not services.update(plan(7)).set_chains


def test_udp_frontends_that_changed_are_told() -> None:
    udp, tcp = Frontend.at("10.96.0.1", "udp", 53), Frontend.at("10.96.0.1", "tcp", 53)
    services = Services(NODE)
    services.update({("a", "a"): ServicePlan((Entry(udp, frozenset()), Entry(tcp, frozenset())))})
    assert services.moved == {udp}
    services.update({("a", "a"): ServicePlan((Entry(udp, frozenset()),))})
    assert services.moved == frozenset()
    services.update({("a", "a"): ServicePlan()})
    assert services.moved == {udp}
