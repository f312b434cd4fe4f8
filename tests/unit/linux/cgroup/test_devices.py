"""Device rules of version 1: the fewest writes from what is to what shall be."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wherry.linux.cgroup.devices import ALL, Rule, transition

DENY_ALL = {"allow": False, "access": "rwm"}
NULL = {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"}
ZERO = {"allow": True, "type": "c", "major": 1, "minor": 5, "access": "rw"}


def kernel(lines: list[str], steps: list[tuple[str, list[str]]]) -> list[str]:
    """devices.list after writes, as security/device_cgroup.c keeps it (without exceptions of an allowing default)."""
    state = {tuple(line.split()[:2]): set(line.split()[2]) for line in lines if line != ALL}
    allow = ALL in lines
    for name, values in steps:
        for value in values:
            if value == "a":
                allow, state = name == "devices.allow", {}
                continue
            kind, device, access = value.split()
            before = state.setdefault((kind, device), set())
            if (name == "devices.allow") != allow:
                before |= set(access)
            else:
                before -= set(access)
            if not before:
                del state[kind, device]
    if allow:
        return [ALL]
    return [f"{kind} {device} {''.join(a for a in 'rwm' if a in access)}" for (kind, device), access in state.items()]


def test_a_new_cgroup_is_closed_before_it_is_opened() -> None:
    assert transition([ALL], [DENY_ALL, NULL, ZERO]) == [
        ("devices.deny", ["a"]),
        ("devices.allow", ["c 1:3 rwm", "c 1:5 rw"]),
    ]


def test_a_change_touches_only_what_differs() -> None:
    assert transition(["c 1:3 rwm", "c 1:7 rw"], [DENY_ALL, NULL, ZERO]) == [
        ("devices.allow", ["c 1:5 rw"]),
        ("devices.deny", ["c 1:7 rw"]),
    ]


def test_what_holds_already_is_not_written() -> None:
    assert transition(["c 1:3 rwm"], [DENY_ALL, NULL]) == []
    assert transition([ALL], [{"allow": True, "access": "rwm"}]) == []


def test_a_privileged_container_is_opened_again() -> None:
    assert transition(["c 1:3 rwm"], [DENY_ALL, {"allow": True, "access": "rwm"}]) == [("devices.allow", ["a"])]


def test_a_rule_for_all_devices_forgets_those_before() -> None:
    assert transition([ALL], [NULL, DENY_ALL]) == [("devices.deny", ["a"])]


def test_missing_numbers_are_all_and_u_is_a_character_device() -> None:
    rules = [DENY_ALL, {"allow": True, "type": "u", "major": 136, "minor": -1, "access": "rw"}]
    assert transition([ALL], rules)[1] == ("devices.allow", ["c 136:* rw"])


def test_exceptions_to_allowing_all_are_denied() -> None:
    fuse = {"allow": False, "type": "c", "major": 10, "minor": 229, "access": "rwm"}
    assert transition([ALL], [fuse]) == [("devices.allow", ["a"]), ("devices.deny", ["c 10:229 rwm"])]


def rules() -> st.SearchStrategy[list[dict[str, Any]]]:
    access = st.sampled_from(["r", "w", "m", "rw", "rwm"])
    number = st.one_of(st.none(), st.integers(0, 2))
    rule = st.fixed_dictionaries(
        {"allow": st.booleans(), "type": st.sampled_from("bc"), "major": number, "minor": number, "access": access}
    )
    return st.lists(rule, max_size=6).map(lambda found: [DENY_ALL, *found])


@given(rules(), rules())
def test_a_change_leads_where_a_new_cgroup_would_be(before: list[Rule], after: list[Rule]) -> None:
    there = kernel([ALL], transition([ALL], before))
    changed = kernel(there, transition(there, after))
    assert sorted(changed) == sorted(kernel([ALL], transition([ALL], after)))
    assert transition(changed, after) == []
