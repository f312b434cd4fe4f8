"""The way to the instance's own node."""

from pathlib import Path

from wherry.app.nodeserving import OwnNode, server_of
from wherry.engine.instance import Instance


def test_it_is_where_its_process_says(tmp_path: Path) -> None:
    instance = Instance.at(tmp_path)
    nodes = OwnNode(instance, "here")
    assert "here" not in nodes and not list(nodes) and not len(nodes)
    instance.node_address.parent.mkdir(parents=True, exist_ok=True)
    instance.node_address.write_text("127.0.0.1 10250\n")
    assert nodes["here"] == ("127.0.0.1", 10250)
    instance.node_address.write_text("127.0.0.1 40000\n")  # it was started again
    assert dict(nodes) == {"here": ("127.0.0.1", 40000)}
    assert nodes.get("elsewhere") is None


def test_what_is_half_written_is_not_there(tmp_path: Path) -> None:
    instance = Instance.at(tmp_path)
    instance.node_address.parent.mkdir(parents=True, exist_ok=True)
    instance.node_address.write_text("127.0.0.1")
    assert "here" not in OwnNode(instance, "here")


def test_it_is_asked_by_its_name_and_addresses() -> None:
    assert server_of("here", "192.0.2.1").names == ("here", "127.0.0.1", "192.0.2.1")
