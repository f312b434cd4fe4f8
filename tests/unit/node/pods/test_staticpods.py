"""Manifests of the machine's own."""

from pathlib import Path

import pytest

from wherry.kit.errors import WherryError
from wherry.node.pods.staticpods import mirror_of, parse, read
from wherry.node.pods.view import HASH, MIRROR, SOURCE

MANIFEST = b"apiVersion: v1\nkind: Pod\nmetadata: {name: own}\nspec:\n  containers: [{name: c, image: demo}]\n"
NOW = "2026-01-01T00:00:00Z"


def test_it_becomes_the_nodes() -> None:
    found = parse(MANIFEST, "N1", NOW)
    meta = found["metadata"]
    assert (meta["name"], meta["namespace"], found["spec"]["nodeName"]) == ("own-n1", "default", "N1")
    assert meta["annotations"][SOURCE] == "file"
    assert meta["uid"] == meta["annotations"][HASH]
    assert found["spec"]["tolerations"] == [{"operator": "Exists", "effect": "NoExecute"}]
    assert found["spec"]["containers"][0]["imagePullPolicy"] == "Always"  # defaults are filled in


def test_its_identity_is_what_it_says_and_where() -> None:
    same, node, text = (parse(*given, NOW)["metadata"]["uid"] for given in (
        (MANIFEST, "n1"), (MANIFEST, "n2"), (MANIFEST + b"#", "n1"),
    ))  # fmt: skip
    assert parse(MANIFEST, "n1", "later")["metadata"]["uid"] == same
    assert len({same, node, text}) == 3


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"kind: Service",
        b"kind: Pod",
        b"kind: Pod\nmetadata: {name: x}",
        b"a: [",
        b"kind: Pod\n---\nkind: Pod",
    ],
)
def test_what_is_no_pod(manifest: bytes) -> None:
    with pytest.raises((ValueError, WherryError)):
        parse(manifest, "n1", NOW)


def test_what_cannot_be_read_keeps_nobody_else_from_running(tmp_path: Path) -> None:
    for name, content in {"b.yaml": MANIFEST, "a.json": b"{", "c.txt": MANIFEST, ".d.yaml": MANIFEST}.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "directory.yaml").mkdir()
    assert [each["metadata"]["name"] for each in read(tmp_path, "n1", NOW)] == ["own-n1"]
    assert read(tmp_path / "none", "n1", NOW) == []


def test_what_shows_it() -> None:
    static = parse(MANIFEST, "n1", NOW)
    mirror = mirror_of(static, {"metadata": {"name": "n1", "uid": "u"}})
    assert mirror["metadata"]["annotations"][MIRROR] == static["metadata"]["uid"]
    assert mirror["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "u", "controller": True}
    ]  # fmt: skip
    assert "uid" not in mirror["metadata"]
    assert mirror["spec"] == static["spec"]
