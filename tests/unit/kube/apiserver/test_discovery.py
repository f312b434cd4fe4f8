"""Discovery: plain and aggregated documents, and that real clients understand them."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.apiserver.served import DEPLOYMENTS, KINDS, Answer, Request, serving
from tests.unit.kube.kubectl import kubectl, kubectls
from wherry.kube.apiserver import discovery
from wherry.kube.apiserver.discovery import Discovery
from wherry.kube.kinds.every import builtin
from wherry.kube.kinds.model import Kind, Version
from wherry.kube.machinery.jsondocs import parse
from wherry.kube.machinery.model import GroupVersion
from wherry.kube.machinery.status import StatusError

V2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
V2BETA1 = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"


def custom(group: str, *versions: str) -> Kind:
    return Kind(
        group,
        "Foo",
        "foos",
        tuple(Version(name, lambda: DEPLOYMENTS.schema()) for name in versions),
        versions[0],
        custom=True,
    )


def test_versions_are_ordered_as_kubernetes_does() -> None:
    ordered = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"]
    assert sorted(set(ordered), key=discovery.version_order) == ordered


@given(st.permutations(KINDS))
def test_groups_are_ordered_by_priority_whatever_the_order_of_kinds(kinds: Sequence[Kind]) -> None:
    more = [*kinds, custom("b.example.com", "v1"), custom("a.example.com", "v1alpha1", "v1", "v1beta1")]
    found = discovery.groups(more)
    assert list(found) == [
        "",
        "apps",
        "authorization.k8s.io",
        "autoscaling",
        "rbac.authorization.k8s.io",
        "a.example.com",
        "b.example.com",
    ]
    assert found["autoscaling"] == ["v2", "v1"]
    assert found["a.example.com"] == ["v1", "v1beta1", "v1alpha1"]


def test_a_group_names_its_preferred_version() -> None:
    group = discovery.api_group(KINDS, "autoscaling")
    assert group is not None
    assert group["preferredVersion"] == {"groupVersion": "autoscaling/v2", "version": "v2"}
    assert [each["groupVersion"] for each in group["versions"]] == ["autoscaling/v2", "autoscaling/v1"]
    assert discovery.api_group(KINDS, "nothing") is None
    assert discovery.api_group(KINDS, "") is None


def test_the_list_of_groups_has_no_core_group() -> None:
    groups = discovery.api_group_list(KINDS)["groups"]
    assert groups[0]["name"] == "apps"


def test_resources_are_sorted_and_subresources_say_their_own_group() -> None:
    found = discovery.api_resource_list(KINDS, GroupVersion("", "v1"))
    assert found is not None
    by_name = {each["name"]: each for each in found["resources"]}
    assert list(by_name) == sorted(by_name)
    assert by_name["pods/eviction"] == {
        "name": "pods/eviction",
        "singularName": "",
        "namespaced": True,
        "group": "policy",
        "version": "v1",
        "kind": "Eviction",
        "verbs": ["create"],
    }
    assert "group" not in by_name["pods/log"]
    assert by_name["pods"]["shortNames"] == ["po"]
    assert by_name["namespaces"]["namespaced"] is False
    assert discovery.api_resource_list(KINDS, GroupVersion("apps", "v7")) is None


def test_the_aggregated_document_has_everything() -> None:
    document = discovery.aggregated(KINDS, core=False)
    assert document["apiVersion"] == "apidiscovery.k8s.io/v2"
    apps = next(each for each in document["items"] if each["metadata"]["name"] == "apps")
    (deployments,) = apps["versions"][0]["resources"]
    assert deployments["responseKind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert deployments["subresources"][0] == {
        "subresource": "scale",
        "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
        "verbs": ["get", "patch", "update"],
    }
    core = discovery.aggregated(KINDS, core=True, version="v2beta1")
    assert core["apiVersion"] == "apidiscovery.k8s.io/v2beta1"
    assert [each["metadata"] for each in core["items"]] == [{}]


@pytest.mark.parametrize(
    ("accept", "kind", "content_type"),
    [
        ("", "APIGroupList", "application/json"),
        ("*/*", "APIGroupList", "application/json"),
        (f"{V2},{V2BETA1},application/json", "APIGroupDiscoveryList", V2),
        (f"{V2};profile=nopeer,application/json", "APIGroupDiscoveryList", V2),
        (f"{V2BETA1},application/json", "APIGroupDiscoveryList", V2BETA1),
        (f"{V2.replace('v2', 'v9')},application/json", "APIGroupList", "application/json"),
        ("application/vnd.kubernetes.protobuf,application/json", "APIGroupList", "application/json"),
    ],
)  # fmt: skip
def test_a_client_gets_what_it_accepts(accept: str, kind: str, content_type: str) -> None:
    found = Discovery(lambda: KINDS).find("/apis", accept)
    assert found is not None
    assert (parse(found.body)["kind"], found.content_type) == (kind, content_type)
    assert re.fullmatch('"[0-9A-F]{128}"', found.etag)


def test_what_nobody_can_give_is_not_acceptable() -> None:
    with pytest.raises(StatusError) as caught:
        Discovery(lambda: KINDS).find("/apis", "text/html")
    assert caught.value.code == 406


@pytest.mark.parametrize("path", ["/apis/nothing", "/apis/apps/v9", "/api/v9", "/apis/apps/v1/x", "/other", "/"])
def test_other_paths_show_nothing(path: str) -> None:
    assert Discovery(lambda: KINDS).find(path) is None


def test_api_says_where_the_server_is() -> None:
    found = Discovery(lambda: KINDS).find("/api", address="10.0.0.1:6443")
    assert found is not None
    assert parse(found.body)["serverAddressByClientCIDRs"][0]["serverAddress"] == "10.0.0.1:6443"


def test_documents_are_made_once_and_anew_after_a_change() -> None:
    kinds = list(KINDS)
    documents = Discovery(lambda: kinds)
    first = documents.find("/apis", V2)
    assert documents.find("/apis", V2) is first
    kinds.append(custom("example.com", "v1"))
    assert documents.find("/apis", V2) is first
    documents.changed()
    second = documents.find("/apis", V2)
    assert first and second and first.etag != second.etag
    assert documents.find("/apis/example.com/v1") is not None


@pytest.mark.parametrize("version", kubectls() or [pytest.param(None, marks=pytest.mark.skip("there is no kubectl"))])
@pytest.mark.parametrize("is_aggregated", [True, False], ids=["aggregated", "plain"])
def test_kubectl_lists_what_is_served(version: tuple[int, int], is_aggregated: bool, tmp_path: Path) -> None:
    documents = Discovery(lambda: KINDS)

    def answer(request: Request) -> Answer:
        accept = request.headers.get("Accept", "") if is_aggregated else "application/json"
        found = documents.find(request.path, accept, "127.0.0.1:1")
        return Answer(found.body, headers={"Content-Type": found.content_type}) if found else Answer(status=404)

    with serving(answer) as server:
        done = kubectl("api-resources", "--no-headers", "-o", "wide", version=version, server=server.url, home=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: re.split(r"\s{2,}", line) for line in done.stdout.splitlines()}
    assert set(lines) == {kind.plural for kind in KINDS}
    assert lines["deployments"][1:5] == ["deploy", "apps/v1", "true", "Deployment"]
    assert lines["deployments"][5].split(",") == sorted(DEPLOYMENTS.verbs)
    assert lines["horizontalpodautoscalers"][2] == "autoscaling/v2"
    if is_aggregated:
        assert len([each for each in server.requests if each.path.startswith("/api")]) == 2


def test_versions_have_the_priorities_of_upstream() -> None:
    found = discovery.priorities(builtin())
    assert found[GroupVersion("apps", "v1")] == (17800, 15, False)
    assert found[GroupVersion("autoscaling", "v2")][1] == 30 > found[GroupVersion("autoscaling", "v1")][1]
    assert found[GroupVersion("certificates.k8s.io", "v1beta1")] == (17300, 9, False)
    assert GroupVersion("apiregistration.k8s.io", "v1") not in found
    assert discovery.priorities([custom("example.com", "v2")]) == {GroupVersion("example.com", "v2"): (1000, 100, True)}
