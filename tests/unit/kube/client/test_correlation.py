from datetime import UTC, datetime

from wherry.kube.client.correlation import COMBINED, Correlator, Recent
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def event(name: str = "e", message: str = "pulled", reason: str = "Pulled", about: str = "web") -> Object:
    return {
        "metadata": {"name": name, "namespace": "default"},
        "source": {"component": "node", "host": "n1"},
        "involvedObject": {"kind": "Pod", "name": about, "namespace": "default"},
        "reason": reason,
        "message": message,
        "type": "Normal",
        "firstTimestamp": f"first of {name}",
        "lastTimestamp": "",
        "count": 1,
    }


def test_the_same_again_is_a_higher_count_of_the_first() -> None:
    correlator = Correlator()
    first = correlator.correlate(event("one"), NOW, 0)
    second = correlator.correlate(event("two"), NOW, 1)
    assert first and first.patch is None and first.event["count"] == 1
    assert second and second.event["metadata"]["name"] == "one" and second.event["firstTimestamp"] == "first of one"
    assert second.patch == {"count": 2, "lastTimestamp": "2026-01-01T00:00:00Z", "message": "pulled"}


def test_the_tenth_that_differs_in_its_message_alone_stands_for_all_that_follow() -> None:
    correlator = Correlator()
    found = [correlator.correlate(event(f"e{number}", f"try {number}"), NOW, 0) for number in range(15)]
    messages = [each.event["message"] for each in found if each]
    assert messages[:9] == [f"try {number}" for number in range(9)]
    assert messages[9:] == [f"{COMBINED}try {number}" for number in range(9, 15)]
    assert [each.patch is None for each in found if each] == [True] * 10 + [False] * 5
    assert found[14] and found[14].event["metadata"]["name"] == "e9" and found[14].event["count"] == 6


def test_similar_ones_are_forgotten_after_ten_quiet_minutes() -> None:
    correlator = Correlator()
    for number in range(12):
        correlator.correlate(event(message=f"try {number}"), NOW, 0)
    later = correlator.correlate(event(message="try again"), NOW, 601)
    assert later and later.event["message"] == "try again"


def test_too_many_about_one_object_are_not_sent_but_counted() -> None:
    correlator = Correlator()
    sent = [correlator.correlate(event(), NOW, 0) for _ in range(40)]
    assert sum(each is not None for each in sent) == 25
    assert correlator.correlate(event(about="other"), NOW, 0) is not None
    assert correlator.correlate(event(), NOW, 299) is None
    later = correlator.correlate(event(), NOW, 301)
    assert later and later.event["count"] == 42


def test_containers_of_a_pod_are_told_apart_and_share_what_may_be_sent() -> None:
    def of(container: str) -> Object:
        made = event(container)
        return {**made, "involvedObject": {**made["involvedObject"], "fieldPath": f"spec.containers{{{container}}}"}}

    correlator = Correlator()
    first = [correlator.correlate(of(name), NOW, 0) for name in ("a", "b", "a")]
    assert [each.event["count"] for each in first if each] == [1, 1, 2]
    more = [correlator.correlate(of(name), NOW, 0) for name in "ab" * 20]
    assert sum(each is not None for each in more) == 25 - 3


def test_only_the_recent_are_remembered() -> None:
    recent: Recent[list[int]] = Recent(list, size=2)
    recent.of(("a",)).append(1)
    recent.of(("b",))
    recent.of(("a",)).append(2)
    recent.of(("c",))
    assert recent.of(("a",)) == [1, 2] and len(recent) == 2 and recent.of(("b",)) == []
