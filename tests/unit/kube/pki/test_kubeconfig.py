"""The file by which clients find the server."""

import base64
import copy
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.kube.pki.directory import ensure
from wherry.kube.pki.kubeconfig import Access, access_of, document, merged, parse, text, without
from wherry.kube.pki.model import SUPER_ADMIN, Wanted

ACCESS = Access("https://127.0.0.1:6443", "CA", certificate_pem="CERT", key_pem="KEY")
OURS = document(ACCESS)


def encoded(content: str) -> str:
    return base64.b64encode(content.encode()).decode()


def test_a_document_is_complete() -> None:
    assert OURS["current-context"] == "wherry"
    assert OURS["clusters"] == [
        {"name": "wherry", "cluster": {"server": ACCESS.server, "certificate-authority-data": encoded("CA")}}
    ]
    user = {"client-certificate-data": encoded("CERT"), "client-key-data": encoded("KEY")}
    assert OURS["users"] == [{"name": "kubernetes-admin@wherry", "user": user}]
    context = {"cluster": "wherry", "user": "kubernetes-admin@wherry"}
    assert OURS["contexts"] == [{"name": "wherry", "context": context}]


def test_a_token_and_a_namespace() -> None:
    found = document(Access("https://x", "CA", "c", "robot", token="t", namespace="a"))
    assert found["users"] == [{"name": "robot@c", "user": {"token": "t"}}]
    assert found["contexts"][0]["context"]["namespace"] == "a"


def test_an_identity_of_the_directory(tmp_path: Path) -> None:
    pki = ensure(tmp_path, Wanted(), 1_800_000_000.0)
    found = access_of(pki, "https://x", SUPER_ADMIN, "c")

    assert found == Access("https://x", pki.authority_pem, "c", "kubernetes-super-admin",
                           pki.clients["super-admin"].certificate_pem, pki.clients["super-admin"].key_pem)  # fmt: skip
    assert access_of(pki, "https://x").user == "kubernetes-admin"


def test_its_text_is_json_and_yaml() -> None:
    assert json.loads(text(OURS)) == yaml.safe_load(text(OURS)) == parse(text(OURS)) == OURS


def test_merging_keeps_what_is_there_and_makes_ours_the_current_one() -> None:
    existing = parse(
        """
apiVersion: v1
kind: Config
preferences: {colors: true}
current-context: work
clusters: [{name: work, cluster: {server: https://work}}, {name: wherry, cluster: {server: https://old}}]
users: [{name: me, user: {token: t}}]
contexts: [{name: work, context: {cluster: work, user: me}}]
extensions: [{name: x, extension: {}}]
"""
    )
    before = copy.deepcopy(existing)
    found = merged(existing, OURS)

    assert existing == before
    assert [each["name"] for each in found["clusters"]] == ["work", "wherry"]
    assert found["clusters"][1] == OURS["clusters"][0]
    assert [each["name"] for each in found["users"]] == ["me", "kubernetes-admin@wherry"]
    assert [each["name"] for each in found["contexts"]] == ["work", "wherry"]
    assert found["current-context"] == "wherry"
    assert found["preferences"] == {"colors": True}
    assert found["extensions"] == existing["extensions"]


@pytest.mark.parametrize("content", ["", "\n", "{}", "# nothing\n", "null"])
def test_merging_into_nothing_is_ours(content: str) -> None:
    assert merged(parse(content), OURS) == OURS


NAMES = st.lists(st.sampled_from(["a", "b", "wherry", "kubernetes-admin@wherry"]), unique=True, max_size=4)


@given(NAMES, NAMES, NAMES, st.sampled_from(["a", "wherry", ""]))
def test_merging_twice_is_merging_once_and_taking_out_leaves_the_others(
    clusters: list[str], users: list[str], contexts: list[str], current: str
) -> None:
    def entries(names: list[str]) -> list[Object]:
        return [{"name": each, "x": each} for each in names]

    existing: Object = {"clusters": entries(clusters), "users": entries(users), "contexts": entries(contexts),
                        "current-context": current}  # fmt: skip
    once = merged(existing, OURS)
    assert merged(once, OURS) == once

    taken = without(once, OURS)
    assert taken["current-context"] == ""
    assert taken["clusters"] == entries([each for each in clusters if each != "wherry"])
    assert taken["users"] == entries([each for each in users if each != "kubernetes-admin@wherry"])


def test_taking_out_leaves_another_current_context() -> None:
    assert without({**merged({}, OURS), "current-context": "work"}, OURS)["current-context"] == "work"


@pytest.mark.parametrize("content", ["a: [", "- a", "kind: Pod", "{", "3", "text"])
def test_what_is_no_kubeconfig_is_refused(content: str) -> None:
    with pytest.raises(Invalid, match="kubeconfig cannot be read"):
        parse(content)


@pytest.mark.parametrize("clusters", [{"a": 1}, ["a"], [{"cluster": {}}], "x"])
def test_lists_that_are_none_are_refused(clusters: object) -> None:
    with pytest.raises(Invalid, match="clusters must be a list"):
        merged({"clusters": clusters}, OURS)
