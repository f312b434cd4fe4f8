"""Manifests of the machine's own."""

import pytest

from wherry.kit.errors import WherryError
from wherry.node.pods.staticpods import mirror_of, parse
from wherry.node.pods.view import HASH, MIRROR, SOURCE

MANIFEST = b"apiVersion: v1\nkind: Pod\nmetadata: {name: own}\nspec:\n  containers: [{name: c, image: demo}]\n"
NOW = "2026-01-01T00:00:00Z"


def test_it_becomes_the_nodes() -> None:
    found = parse(MANIFEST, "n1", NOW)
    meta = found["metadata"]
    assert (meta["name"], meta["namespace"], found["spec"]["nodeName"]) == ("own-n1", "default", "n1")
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


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("containers: [{name: C, image: demo}]", 'invalid pod: \\[spec.containers\\[0\\].name: Invalid value: "C"'),
        ("containers: text", "cannot unmarshal"),
        ("containers: [{name: c, image: i}], serviceAccountName: x", "may not reference serviceaccounts"),
        (
            "containers: [{name: c, image: i, envFrom: [{secretRef: {name: x}}]}]",
            "static pods may not reference secrets",
        ),
        (
            "containers: [{name: c, image: i}], volumes: [{name: v, configMap: {name: x}}]",
            "static pods may not reference configmaps",
        ),
        (
            "containers: [{name: c, image: i}], volumes: [{name: v, persistentVolumeClaim: {claimName: x}}]",
            "static pods may not reference persistentvolumeclaims",
        ),
        (
            "containers: [{name: c, image: i}],"
            " volumes: [{name: v, projected: {sources: [{clusterTrustBundle: {name: b, path: t}}]}}]",
            "static pods may not reference clustertrustbundles",
        ),
    ],
)
def test_what_the_api_would_refuse_or_would_have_to_give(spec: str, said: str) -> None:
    manifest = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: own}}\nspec: {{{spec}}}\n"
    with pytest.raises(ValueError, match=said):
        parse(manifest.encode(), "n1", NOW)


def test_what_shows_it() -> None:
    static = parse(MANIFEST, "n1", NOW)
    mirror = mirror_of(static, {"metadata": {"name": "n1", "uid": "u"}})
    assert mirror["metadata"]["annotations"][MIRROR] == static["metadata"]["uid"]
    assert mirror["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "u", "controller": True}
    ]  # fmt: skip
    assert "uid" not in mirror["metadata"]
    assert mirror["spec"] == static["spec"]
