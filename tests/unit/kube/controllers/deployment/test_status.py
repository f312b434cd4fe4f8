from datetime import UTC, datetime

from tests.unit.kube.controllers.deployment.deployments import deployment, replica_set
from wherry.kube.controllers.deployment.status import status_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_figures_are_those_of_all_sets() -> None:
    mine = deployment()
    mine["status"] = {"collisionCount": 2, "conditions": [{"type": "Progressing", "status": "True"}]}
    old, new = replica_set(mine, "demo:0", 2, terminatingReplicas=3), replica_set(mine, "demo:1", 3, 1)
    status = status_of(mine, [old, new], new, NOW)
    conditions = status.pop("conditions")
    assert status == {
        "observedGeneration": 1, "replicas": 5, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3,
        "unavailableReplicas": 2, "terminatingReplicas": 3, "collisionCount": 2,
    }  # fmt: skip
    assert conditions == [
        {"type": "Progressing", "status": "True"},
        {
            "type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
            "message": "Deployment has minimum availability.",
            "lastUpdateTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z",
        },
    ]  # fmt: skip


def test_too_few_are_available() -> None:
    mine = deployment()
    new = replica_set(mine, "demo:1", 4, 2)
    del new["status"]["terminatingReplicas"]
    status = status_of(mine, [new], new, NOW)
    (condition,) = status["conditions"]
    assert (condition["status"], condition["reason"]) == ("False", "MinimumReplicasUnavailable")
    assert condition["message"] == "Deployment does not have minimum availability."
    assert "terminatingReplicas" not in status


def test_without_sets_nothing_is_there() -> None:
    status = status_of(deployment(0), [], None, NOW)
    assert status["conditions"][0]["status"] == "True" and "replicas" not in status
