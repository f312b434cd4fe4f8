"""What is left of rules applied one after the other."""

from wherry.linux.devicerules import resolve

DENY_ALL = {"allow": False, "access": "rwm"}
NULL = {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"}


def test_without_rules_all_is_allowed() -> None:
    assert resolve([]) == (True, {})


def test_a_rule_for_all_devices_forgets_those_before() -> None:
    assert resolve([NULL, DENY_ALL]) == (False, {})
    assert resolve([DENY_ALL, NULL, {"allow": True, "type": "a", "access": "rwm"}]) == (True, {})


def test_access_to_one_device_adds_up_and_is_taken_back() -> None:
    read, write = ({**NULL, "access": access} for access in "rw")
    assert resolve([DENY_ALL, read, write]) == (False, {("c", "1", "3"): frozenset("rw")})
    assert resolve([DENY_ALL, NULL, {**NULL, "allow": False, "access": "w"}])[1] == {("c", "1", "3"): frozenset("rm")}
    assert resolve([DENY_ALL, read, {**read, "allow": False}]) == (False, {})


def test_a_number_for_devices_of_both_kinds_is_two_exceptions() -> None:
    assert set(resolve([DENY_ALL, {"allow": True, "major": 8, "access": "r"}])[1]) == {("b", "8", "*"), ("c", "8", "*")}
