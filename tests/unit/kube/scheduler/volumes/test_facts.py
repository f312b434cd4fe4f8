"""What is known of volumes."""

import asyncio

from tests.unit.kube.scheduler.objects import facts
from tests.unit.kube.scheduler.volumes.objects import claim, storage_class, volume
from wherry.kube.scheduler.plan import Facts
from wherry.kube.scheduler.volumes.facts import Choice

A, B = ("default", "a"), ("default", "b")


def known_with_choice() -> tuple[Facts, Choice]:
    known = facts([])
    storage_class(known, "local", waits=True)
    claim(known, "a", "local")
    claim(known, "b", "local")
    volume(known, "pv", "local")
    claims = known.volumes.claims
    return known, Choice(((claims[A], known.volumes.volumes["pv"]),), (claims[B],))


def test_what_is_decided_counts_until_the_api_tells_of_it() -> None:
    known, choice = known_with_choice()
    volumes = known.volumes
    assert not choice.is_nothing
    volumes.assume(choice, "n")
    assert volumes.claim(B).node == "n" and volumes.claim(A).node == ""  # type: ignore[union-attr]
    assert volumes.claim_of(volumes.volumes["pv"]) == (*A, "")
    claim(known, "b", "local", node="m")
    volume(known, "pv", "local", owner="other")
    assert volumes.claim(B).node == "m"  # type: ignore[union-attr]
    assert volumes.claim_of(volumes.volumes["pv"]) == ("default", "other", "")


def test_what_does_not_come_to_be_is_forgotten() -> None:
    known, choice = known_with_choice()
    known.volumes.assume(choice, "n")
    known.volumes.forget(choice)
    assert known.volumes.claim(B).node == ""  # type: ignore[union-attr]
    assert known.volumes.claim_of(known.volumes.volumes["pv"]) is None


def test_what_is_bound_already_needs_nothing() -> None:
    known, choice = known_with_choice()
    assert choice.only_unfinished(known.volumes) == choice
    claim(known, "a", "local", bound="pv")
    assert choice.only_unfinished(known.volumes).bound == ()
    claim(known, "b", "local", bound="other")
    assert choice.only_unfinished(known.volumes).is_nothing
    assert known.volumes.is_bound(A) and not known.volumes.is_bound(("default", "c"))


def test_volumes_of_a_class_come_by_name() -> None:
    known = facts([])
    for name in ("c", "a", "b"):
        volume(known, name, "local")
    volume(known, "a", "slow")
    known.volumes.set_volume("b", None)
    assert [each.name for each in known.volumes.of_class("local")] == ["c"]
    assert [each.name for each in known.volumes.of_class("slow")] == ["a"]


def test_what_is_gone_is_not_known() -> None:
    known, choice = known_with_choice()
    known.volumes.assume(choice, "n")
    known.volumes.set_claim(B, None)
    known.volumes.set_class("local", None)
    assert known.volumes.claim(B) is None
    claim(known, "b", "local")
    assert known.volumes.claim(B).node == ""  # type: ignore[union-attr]
    assert not known.volumes.waits(known.volumes.claims[A])
    known.volumes.set_limits("n", {"d": 1})
    known.volumes.set_limits("n", None)
    assert not known.volumes.limits


async def test_who_waits_is_told_of_every_change() -> None:
    known, _ = known_with_choice()
    waiting = [asyncio.ensure_future(known.volumes.change()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(each.done() for each in waiting)
    volume(known, "new", "local")
    await asyncio.gather(*waiting)
