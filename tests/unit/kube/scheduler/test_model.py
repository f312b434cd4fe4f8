"""Small rules of the model."""

from tests.unit.kube.scheduler.objects import moved, pod, read
from wherry.kube.scheduler.model import more_important


def test_the_more_important_come_first() -> None:
    pods = [
        read(pod("new", priority=1)),
        read(pod("low", status={"startTime": "2026-01-01T00:00:00Z"})),
        read(pod("late", priority=1, status={"startTime": "2026-01-02T00:00:00Z"})),
        read(pod("early", priority=1, status={"startTime": "2026-01-01T00:00:00Z"})),
    ]
    assert [each.name for each in sorted(pods, key=more_important)] == ["early", "late", "new", "low"]


def test_what_matters_to_others() -> None:
    mine = read(pod("p", "n", cpu="1"))
    assert mine.is_same_to_others(read(pod("p", "n", cpu="1", status={"phase": "Running"})))
    for other in (pod("p", "m", cpu="1"), pod("p", "n", cpu="2"), pod("p", "n", cpu="1", labels={"a": "b"})):
        assert not mine.is_same_to_others(read(other))
    ending = pod("p", "n", cpu="1", meta={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    assert not mine.is_same_to_others(read(ending))


def test_a_pod_names_itself_for_events() -> None:
    mine = moved(read(pod("p", namespace="x")), "n")
    assert str(mine) == "x/p"
    assert mine.reference == {
        "apiVersion": "v1", "kind": "Pod", "namespace": "x", "name": "p", "uid": "uid-x-p", "resourceVersion": "1",
    }  # fmt: skip


def test_claims_of_its_own_have_its_name() -> None:
    volumes = [{"name": "v", "ephemeral": {}}, {"name": "w", "persistentVolumeClaim": {"claimName": "data"}}]
    assert list(read(pod("p", volumes=volumes)).claims) == [("default", "p-v"), ("default", "data")]
