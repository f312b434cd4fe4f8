"""What is told of changes of packet rules, in a network namespace that nobody else sees."""

from tests.unit.linux.apart import apart
from wherry.linux.nftables import Nftables
from wherry.linux.rulechanges import MISSED, Changed, Generations, RuleChanges


@apart
def test_a_transaction_is_told_once_a_table_with_its_number() -> None:
    with RuleChanges(("own", "other")) as changes, Nftables() as nftables, Generations() as generations:
        assert changes.read() == []
        nftables.run("add table inet own\nadd chain inet own a\nadd table ip other\n", step="make")
        number = generations.last()
        assert sorted(changes.read(), key=str) == [Changed("other", number), Changed("own", number)]
        nftables.run("add table inet strange\n", step="make")
        assert changes.read() == []
        assert generations.last() == number + 1


@apart
def test_a_table_is_gone_when_nothing_makes_it_again_in_the_same_transaction() -> None:
    with RuleChanges(("own",)) as changes, Nftables() as nftables, Generations() as generations:
        again = "add table inet own\ndelete table inet own\nadd table inet own\nadd chain inet own a\n"
        nftables.run(again, step="make")
        nftables.run(again, step="make again")
        assert [change.gone for change in changes.read()] == [False, False]
        nftables.run("flush ruleset\n", step="do harm")
        assert changes.read() == [Changed("own", generations.last(), gone=True)]


@apart
def test_more_changes_than_there_is_room_for_are_told_as_missed() -> None:
    with RuleChanges(("own",)) as changes, Nftables() as nftables:
        nftables.run("add table inet own\nadd set inet own s { type ipv4_addr; }\n", step="make")
        for start in range(60):
            elements = ", ".join(f"10.{start}.{number // 250}.{number % 250}" for number in range(500))
            nftables.run(f"add element inet own s {{ {elements} }}\n", step="add")
        assert MISSED in changes.read()
        nftables.run("add chain inet own a\n", step="add")
        assert [change.table for change in changes.read()] == ["own"]
