from tests.unit.kube.kinds.objects import CREATED
from wherry.kube.kinds.event import OTHER_KIND
from wherry.kube.kinds.event.conversion import as_core, from_core, to_core

NEW = {
    "apiVersion": "events.k8s.io/v1",
    "kind": "Event",
    "metadata": {"name": "a"},
    "eventTime": CREATED,
    "regarding": {"kind": "Pod", "name": "p"},
    "note": "Started",
    "reason": "Started",
    "type": "Normal",
    "reportingController": "example.com/agent",
    "reportingInstance": "n1",
    "deprecatedCount": 3,
    "deprecatedSource": {"component": "agent"},
}
CORE = {
    "apiVersion": "v1",
    "kind": "Event",
    "metadata": {"name": "a"},
    "eventTime": CREATED,
    "involvedObject": {"kind": "Pod", "name": "p"},
    "message": "Started",
    "reason": "Started",
    "type": "Normal",
    "reportingComponent": "example.com/agent",
    "reportingInstance": "n1",
    "count": 3,
    "source": {"component": "agent"},
}


def test_both_groups_say_the_same_in_other_words() -> None:
    assert to_core(dict(NEW)) == CORE
    assert from_core(dict(CORE)) == NEW


def test_either_can_be_read_as_the_older_one() -> None:
    assert as_core(NEW) == as_core(CORE) == CORE


def test_what_it_is_about_is_never_left_out_in_v1() -> None:
    assert to_core({"apiVersion": "events.k8s.io/v1"}) == {"apiVersion": "v1", "involvedObject": {}}


def test_the_server_converts_so() -> None:
    (version,) = OTHER_KIND.versions
    assert version.conversion is not None
    assert version.conversion.to_storage(dict(NEW)) == CORE
    assert version.conversion.from_storage(dict(CORE)) == NEW
