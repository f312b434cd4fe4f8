from wherry.kube.controllers.daemonset.backoff import LONGEST_SECONDS, FailingNodes


def test_each_failure_doubles_the_pause_of_its_node_alone() -> None:
    nodes = FailingNodes()
    assert nodes.seconds_left("n1", 0.0) == 0.0
    nodes.failed("n1", 0.0)
    assert nodes.seconds_left("n1", 0.4) == 0.6 and nodes.seconds_left("n2", 0.4) == 0.0
    nodes.failed("n1", 1.0)
    assert nodes.seconds_left("n1", 1.0) == 2.0
    for _ in range(20):
        nodes.failed("n1", 2.0)
    assert nodes.seconds_left("n1", 2.0) == LONGEST_SECONDS


def test_after_a_long_time_it_begins_anew() -> None:
    nodes = FailingNodes()
    for _ in range(5):
        nodes.failed("n1", 0.0)
    nodes.failed("n1", 3 * LONGEST_SECONDS)
    assert nodes.seconds_left("n1", 3 * LONGEST_SECONDS) == 1.0
