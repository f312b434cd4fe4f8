"""What pods take of the disk."""

from pathlib import Path

from wherry.node.pods.machine.measuring import Taken, tree, written
from wherry.node.pods.runtime import Container, State


def test_a_tree_and_nothing_that_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").write_bytes(b"x" * 100_000)
    (tmp_path / "outside").write_bytes(b"x" * 1_000_000)
    (tmp_path / "a/link").symlink_to(tmp_path / "outside")
    (tmp_path / "a/up").symlink_to(tmp_path)
    found = tree(tmp_path / "a")
    assert found.inodes == 5
    assert 100_000 <= found.bytes < 500_000
    assert tree(tmp_path / "a/b/file").inodes == 1
    assert tree(tmp_path / "none") == Taken()


def test_a_container_has_a_layer_and_logs(tmp_path: Path) -> None:
    (tmp_path / "upper").mkdir()
    for name in ("upper/file", "container.log", "container.log.1", "other"):
        (tmp_path / name).write_bytes(b"x" * 50_000)
    run = Container(
        "id", "sandbox", "web", 0, State.RUNNING, "image", "image", 1,
        log=str(tmp_path / "container.log"), layer=str(tmp_path / "upper"),
    )  # fmt: skip
    assert written(run).inodes == 4
    assert 150_000 <= written(run).bytes < 300_000
