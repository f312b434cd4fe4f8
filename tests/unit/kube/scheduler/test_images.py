"""What it is worth that an image is there."""

import pytest

from tests.unit.kube.scheduler.objects import facts, node, placed, pod
from wherry.kube.scheduler.images import Images

MB = 1 << 20


@pytest.mark.parametrize(
    ("sizes", "nodes", "score"),
    [
        ({"a": 10 * MB}, 1, 0),
        ({"a": 23 * MB}, 1, 0),
        ({"a": 1000 * MB}, 1, 100),
        ({"a": 5000 * MB}, 1, 100),
        ({"a": 1000 * MB}, 4, 100 * (250 - 23) // (1000 - 23)),
    ],
)
def test_an_image_counts_by_size_and_by_how_many_have_it(sizes: dict[str, int], nodes: int, score: int) -> None:
    images = Images()
    images.change(0, {}, sizes)
    assert images.scores(["a"], nodes).get(0, 0) == score


def test_what_a_node_no_longer_has_is_forgotten() -> None:
    images = Images()
    images.change(0, {}, {"a": 500 * MB, "b": 500 * MB})
    revision = images.revision
    images.change(0, {"a": 500 * MB, "b": 500 * MB}, {"b": 700 * MB})
    assert images.scores(["a"], 1) == {} and images.scores(["b"], 1) != {}
    assert images.revision > revision
    images.change(0, {"b": 700 * MB}, {"b": 700 * MB})
    assert images.revision == revision + 1


def test_more_containers_ask_for_more() -> None:
    images = Images()
    images.change(0, {}, {"a": 1000 * MB})
    assert images.scores(["a", "b"], 1)[0] < images.scores(["a"], 1)[0]


def test_a_pod_goes_where_its_image_is() -> None:
    machines = [node(f"n{number}", images={"demo:1": 900 * MB} if number == 3 else None) for number in range(6)]
    assert placed(facts(machines), pod(image="demo:1")) == "n3"
    assert placed(facts([*machines[:3], node("n3", images={"demo:latest": 900 * MB})]), pod(image="demo")) == "n3"
