"""What is written in protobuf is read as the same."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.kube.machinery.protobuf_encoder import body
from tests.unit.kube.machinery.protobuf_samples import DEPLOYMENT, SAMPLES, TIME, objects
from wherry.kube.kinds.every import builtin
from wherry.kube.machinery.model import GroupResource, GroupVersion
from wherry.kube.machinery.protobuf import MAGIC, decode
from wherry.kube.machinery.protowriting import encode, event, is_writable
from wherry.kube.machinery.status import not_found


@pytest.mark.parametrize("document", SAMPLES, ids=lambda document: document["kind"])
def test_an_object_is_read_as_it_was_written(document: dict[str, Any]) -> None:
    assert decode(encode(document)) == document


@given(document=objects())
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
def test_any_object_of_the_table_is_written_as_go_writes_it(document: dict[str, Any]) -> None:
    assert decode(encode(document)) == decode(body(document))


def test_a_list_is_one_message() -> None:
    found = {"kind": "DeploymentList", "apiVersion": "apps/v1", "metadata": {"resourceVersion": "7"}}
    read = decode(encode({**found, "items": [DEPLOYMENT, DEPLOYMENT]}))
    plain = {name: value for name, value in DEPLOYMENT.items() if name not in ("apiVersion", "kind")}
    assert read == {**found, "items": [plain, plain]}


def test_a_refusal_and_metadata_alone_are_messages_too() -> None:
    refused = not_found(GroupResource("apps", "deployments"), "x").status
    assert decode(encode(refused)) == refused
    for version in ("v1", "v1beta1"):
        alone = {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}", "metadata": {"name": "a"}}
        assert decode(encode(alone)) == alone
        many = {**alone, "kind": "PartialObjectMetadataList", "metadata": {}, "items": [{"metadata": {"name": "a"}}]}
        assert decode(encode(many)) == many


def test_what_is_null_is_not_there_and_a_zero_is() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "creationTimestamp": None}}
    assert decode(encode(pod)) == {**pod, "metadata": {"name": "a"}}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "a"}}
    spec = {"leaseDurationSeconds": 0, "leaseTransitions": -1, "renewTime": "2026-11-27T14:05:06.000007Z"}
    assert decode(encode({**lease, "spec": spec})) == {**lease, "spec": spec}


def test_an_event_is_a_frame_with_a_whole_object_in_it() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "creationTimestamp": TIME}}
    frame = event(json.dumps({"type": "ADDED", "object": pod}).encode() + b"\n")
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    assert frame[4:11] == b"\x0a\x05ADDED"
    assert decode(frame[frame.index(MAGIC) :]) == pod


@given(st.integers(0, 2**31 - 1))
def test_numbers_of_any_length(number: int) -> None:
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a"}, "spec": {"replicas": number}}
    assert decode(encode(scale)).get("spec", {}).get("replicas", 0) == number


def test_every_kind_of_ours_can_be_written() -> None:
    for kind in builtin():
        for version in kind.versions:
            group_version = str(GroupVersion(kind.group, version.name))
            assert is_writable(group_version, kind.kind), (group_version, kind.kind)
            if "list" in kind.verbs:
                assert is_writable(group_version, f"{kind.kind}List"), (group_version, kind.kind)
    with pytest.raises(KeyError):
        encode({"apiVersion": "example.com/v1", "kind": "Widget"})
