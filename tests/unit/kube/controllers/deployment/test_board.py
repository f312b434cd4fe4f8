from tests.unit.kube.controllers.deployment.deployments import deployment, recreating, replica_set
from tests.unit.kube.controllers.workloads import reference, template, workload
from wherry.kube.controllers.deployment import view
from wherry.kube.controllers.deployment.board import Board


def test_the_new_set_is_the_oldest_one_of_the_template() -> None:
    mine = deployment()
    twin = replica_set(mine, "demo:1", 0, age=5)
    twin["metadata"]["name"] = "web-twin"
    board = Board(mine, [twin, replica_set(mine, "demo:0", 1), replica_set(mine, "demo:1", 2, age=3)])
    assert board.new is not None and board.new.name == "web-demo-1"
    assert [each.name for each in board.old] == ["web-demo-0", "web-twin"] and board.total == 3
    assert [each.name for each in board.active] == ["web-demo-0", "web-demo-1"]


def test_a_new_set_is_made_of_the_template_with_its_hash() -> None:
    mine = deployment(minReadySeconds=5)
    mine["metadata"]["annotations"] = {"team": "a"}
    board = Board(mine, [replica_set(mine, "demo:0", 2, revision=4)])
    made = board.make_new(reference).result
    hashed = made["metadata"]["labels"]["pod-template-hash"]
    assert made["metadata"] == {
        "name": f"web-{hashed}", "namespace": "default", "labels": {"app": "web", "pod-template-hash": hashed},
        "ownerReferences": [reference(mine)],
        "annotations": {"team": "a", view.REVISION: "5", view.DESIRED_REPLICAS: "4", view.MAX_REPLICAS: "5"},
    }  # fmt: skip
    assert made["spec"] == {
        "replicas": 3, "minReadySeconds": 5,
        "selector": {"matchLabels": {"app": "web", "pod-template-hash": hashed}},
        "template": template(**{"pod-template-hash": hashed}),
    }  # fmt: skip
    assert mine["spec"]["template"] == template()
    assert board.make_new(reference) is board.new


def test_a_collision_gives_another_name_and_a_long_name_is_cut() -> None:
    mine = workload("Deployment", "x" * 253)
    made = Board(mine, []).make_new(reference)
    other = Board({**mine, "status": {"collisionCount": 1}}, []).make_new(reference)
    assert made.name != other.name and len(made.name) == 253


def test_a_set_that_is_there_gets_what_the_deployment_says_now() -> None:
    mine = deployment(minReadySeconds=9)
    board = Board(mine, [replica_set(mine, "demo:1", 4, revision=1), replica_set(mine, "demo:2", 0, revision=2)])
    board.settle_new()
    assert board.new is not None and board.new.is_changed
    result = board.new.result
    assert result["spec"]["minReadySeconds"] == 9 and result["metadata"]["annotations"][view.REVISION] == "3"
    again = Board(mine, [result, board.old[0].obj])
    again.settle_new()
    assert again.new is not None and not again.new.is_changed


def test_how_large_the_new_set_may_be() -> None:
    for old, new, expected in ((4, 0, 1), (2, 1, 3), (5, 0, 0), (0, 1, 4), (3, 3, 3)):
        mine = deployment()
        board = Board(mine, [replica_set(mine, "demo:0", old), replica_set(mine, "demo:1", new)])
        assert board.new_size() == expected
    assert Board(recreating(), [replica_set(recreating(), "demo:1", 0)]).new_size() == 4
