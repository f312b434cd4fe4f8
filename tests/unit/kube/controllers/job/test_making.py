from tests.unit.kube.controllers.job.jobs import LABELS, indexed, job, job_pod
from tests.unit.kube.controllers.workloads import reference
from wherry.kube.controllers.job import making, view


def test_a_pod_is_tracked() -> None:
    mine = job()
    mine["spec"]["template"]["metadata"]["finalizers"] = ["x/y"]
    made = making.job_pod(mine, reference(mine), None, None)
    assert made["metadata"]["finalizers"] == ["x/y", view.TRACKING] and made["metadata"]["generateName"] == "sum-"
    assert "annotations" not in made["metadata"] and "env" not in made["spec"]["containers"][0]


def test_a_pod_knows_its_index() -> None:
    mine = indexed()
    mine["spec"]["template"]["spec"]["initContainers"] = [{"name": "i", "env": [{"name": "JOB_COMPLETION_INDEX"}]}]
    made = making.job_pod(mine, reference(mine), 2, None)
    meta, spec = made["metadata"], made["spec"]
    assert meta["generateName"] == "sum-2-" and spec["hostname"] == "sum-2"
    assert meta["labels"] == {**LABELS, view.COMPLETION_INDEX: "2"} and meta["annotations"] == {
        view.COMPLETION_INDEX: "2"
    }
    field = {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-completion-index']"}}
    assert spec["containers"][0]["env"] == [{"name": "JOB_COMPLETION_INDEX", "valueFrom": field}]
    assert spec["initContainers"][0]["env"] == [{"name": "JOB_COMPLETION_INDEX"}]
    assert "env" not in mine["spec"]["template"]["spec"]["containers"][0]


def test_a_long_name_leaves_room_for_the_index() -> None:
    mine = indexed(completions=2000)
    mine["metadata"]["name"] = "x" * 63
    assert making.job_pod(mine, reference(mine), 1234, None)["metadata"]["generateName"] == f"{'x' * 52}-1234-"


def test_a_pod_remembers_how_often_its_index_failed() -> None:
    rules = [{"action": "Ignore", "onExitCodes": {"operator": "In", "values": [7]}}]
    mine = indexed(backoffLimitPerIndex=5, podFailurePolicy={"rules": rules})

    def remembered(code: int | None) -> dict[str, str]:
        last = job_pod("p", "Failed", 1, failures=(2, 1), code=code) if code is not None else None
        return making.job_pod(mine, reference(mine), 1, last)["metadata"]["annotations"]  # type: ignore[no-any-return]

    index = {view.COMPLETION_INDEX: "1"}
    assert remembered(None) == {**index, view.FAILURE_COUNT: "0"}
    assert remembered(1) == {**index, view.FAILURE_COUNT: "3", view.IGNORED_FAILURE_COUNT: "1"}
    assert remembered(7) == {**index, view.FAILURE_COUNT: "2", view.IGNORED_FAILURE_COUNT: "2"}
