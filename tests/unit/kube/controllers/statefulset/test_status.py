from tests.unit.kube.controllers.statefulset.sets import NEW, NOW, OLD, ending, member, stateful
from wherry.kube.controllers.statefulset.status import status_of

NAMES = OLD["metadata"]["name"], NEW["metadata"]["name"]


def test_pods_are_counted_by_state_and_revision() -> None:
    mine = stateful(4, minReadySeconds=70)
    pods = [
        member(mine, 0, old=True, ready="2025-12-31T00:00:00Z"), member(mine, 1, old=True), ending(mine, 2, old=True),
        member(mine, 3, ready=False),
    ]  # fmt: skip
    assert status_of(mine, pods, NAMES, 2, NOW) == {
        "observedGeneration": 1, "replicas": 4, "readyReplicas": 3, "availableReplicas": 1, "currentReplicas": 2,
        "updatedReplicas": 1, "currentRevision": NAMES[0], "updateRevision": NAMES[1], "collisionCount": 2,
    }  # fmt: skip


def test_an_update_that_is_done_makes_the_new_revision_the_current_one() -> None:
    mine = stateful(2)
    status = status_of(mine, [member(mine, 0), member(mine, 1)], NAMES, 0, NOW)
    assert status["currentRevision"] == status["updateRevision"] == NAMES[1] and status["currentReplicas"] == 2
    held = stateful(2, updateStrategy={"type": "OnDelete"})
    status = status_of(held, [member(held, 0), member(held, 1)], NAMES, 0, NOW)
    assert status["currentRevision"] == NAMES[0] and "currentReplicas" not in status


def test_what_others_say_in_conditions_stays() -> None:
    mine = stateful(0)
    mine["status"]["conditions"] = [{"type": "Mine", "status": "True"}]
    status = status_of(mine, [], NAMES, 0, NOW)
    assert status["conditions"] == mine["status"]["conditions"] and status["availableReplicas"] == 0
