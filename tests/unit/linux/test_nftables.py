"""Packet rules by transactions, in a network namespace that nobody else sees."""

import errno
from typing import Any

import pytest

from tests.unit.linux.apart import apart
from wherry.linux.nftables import Nftables, RulesetError

RULES = """
add table inet own
add set inet own ports { type inet_proto . inet_service; }
add chain inet own in { type filter hook input priority 0; }
add rule inet own in meta l4proto . th dport @ports drop
add element inet own ports { tcp . 80 }
"""


def found(objects: list[dict[str, Any]] | None, kind: str) -> list[dict[str, Any]]:
    """The objects of a kind in what a table lists."""
    assert objects is not None
    return [one[kind] for one in objects if kind in one]


@apart
def test_a_table_is_listed_as_it_was_made() -> None:
    with Nftables() as nftables:
        nftables.run(RULES, step="set rules")
        objects = nftables.list_table("inet", "own")
        assert [one["name"] for one in found(objects, "table")] == ["own"]
        assert [one["hook"] for one in found(objects, "chain")] == ["input"]
        assert found(objects, "set")[0]["elem"] == [{"concat": ["tcp", 80]}] or found(objects, "set")[0]["elem"] == [
            {"concat": [6, 80]}
        ]
        assert len(found(objects, "rule")) == 1


@apart
def test_a_table_that_is_not_there_is_none() -> None:
    with Nftables() as nftables:
        assert nftables.list_table("inet", "absent") is None


@apart
def test_a_script_is_done_whole_or_not_at_all() -> None:
    with Nftables() as nftables:
        with pytest.raises(RulesetError) as refusal:
            nftables.run("add table inet own\nadd element inet own absent { tcp . 80 }\n", step="set rules")
        assert refusal.value.errno == errno.ENOENT
        assert nftables.list_table("inet", "own") is None


@apart
def test_a_refusal_says_what_was_being_done_and_where_the_script_is_wrong() -> None:
    with Nftables() as nftables:
        nftables.run(RULES, step="set rules")
        for script, number in (
            ("nonsense", errno.EINVAL),
            ("delete table inet absent", errno.ENOENT),
            ("create table inet own", errno.EEXIST),
        ):
            with pytest.raises(RulesetError) as refusal:
                nftables.run(script + "\n", step="set rules")
            assert refusal.value.errno == number
            assert str(refusal.value) == f"set rules: {refusal.value.report}"
            assert refusal.value.report.splitlines()[0].startswith("Error: ")
            assert refusal.value.report.splitlines()[1] == script


@apart
def test_a_refusal_leaves_nothing_in_the_next_answer() -> None:
    with Nftables() as nftables:
        with pytest.raises(RulesetError):
            nftables.run("nonsense\n", step="set rules")
        nftables.run(RULES, step="set rules")
        with pytest.raises(RulesetError) as refusal:
            nftables.run("other nonsense\n", step="set rules")
        assert "other" in refusal.value.report
        assert refusal.value.report.count("Error") == 1
        assert found(nftables.list_table("inet", "own"), "table")


@apart
def test_a_handle_is_closed_as_often_as_one_likes() -> None:
    nftables = Nftables()
    for _ in range(2):
        nftables.close()
