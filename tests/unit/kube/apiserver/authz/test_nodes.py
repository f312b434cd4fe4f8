"""Node identity."""

from wherry.kube.apiserver.authz.nodes import node_name
from wherry.kube.apiserver.model import User


def test_a_node_is_told_by_name_and_group_together() -> None:
    assert node_name(User("system:node:n1", ("system:nodes", "system:authenticated"))) == "n1"
    assert node_name(User("system:node:n1", ("system:authenticated",))) is None
    assert node_name(User("n1", ("system:nodes",))) is None
    assert node_name(User("system:node:", ("system:nodes",))) is None
