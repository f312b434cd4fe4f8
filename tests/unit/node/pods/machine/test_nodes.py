"""The Node object."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from wherry.kube.machinery.model import GroupVersionKind, Object
from wherry.kube.machinery.patches import strategic
from wherry.kube.machinery.schema.builtin import schema_of
from wherry.node.pods.machine import nodes
from wherry.node.pods.machine.facts import Hardware
from wherry.node.pods.machine.nodes import Standing
from wherry.node.pods.options import Options, Reserved, Thresholds
from wherry.node.pods.runtime import ImageStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HARDWARE = Hardware(4, 8 << 30, 100 << 30, "arm64", "6.1", "Debian", "m", "b", "s")
OPTIONS = Options("n1", Path("/x"), ("192.0.2.1", "fd00::1"), hostname="host", labels={"mine": "yes"})


def status(standing: Standing | None = None, node: Object | None = None, **options: object) -> Object:
    known = {"node": "n1", "directory": Path("/x"), "addresses": ("192.0.2.1",), **options}
    return nodes.status(node or {}, Options(**known), HARDWARE, standing or Standing({}), NOW)  # type: ignore[arg-type]


def test_a_new_one() -> None:
    found = nodes.new_node(OPTIONS, HARDWARE)
    assert found["metadata"]["labels"] == {
        "kubernetes.io/hostname": "host", "kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64",
        "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "arm64", "mine": "yes",
    }  # fmt: skip
    assert found["spec"] == {}
    taint = {"key": "k", "effect": "NoSchedule"}
    assert nodes.new_node(Options("n", Path("/x"), taints=(taint,)), HARDWARE)["spec"] == {"taints": [taint]}


def test_ranges_of_pods_are_said_once() -> None:
    ranges = ("10.1.0.0/16", "fd00:1::/64")
    options = Options("n", Path("/x"), pod_ranges=ranges)
    wanted = {"podCIDR": "10.1.0.0/16", "podCIDRs": list(ranges)}
    assert nodes.new_node(options, HARDWARE)["spec"] == wanted
    before = nodes.new_node(Options("n", Path("/x")), HARDWARE)
    assert nodes.patch(before, options, HARDWARE) == {"spec": wanted}
    before["spec"] = {"podCIDR": "10.9.0.0/16", "podCIDRs": ["10.9.0.0/16"]}
    assert nodes.patch(before, options, HARDWARE) is None


def test_labels_that_are_missing() -> None:
    known = nodes.new_node(OPTIONS, HARDWARE)
    assert nodes.patch(known, OPTIONS, HARDWARE) is None
    known["metadata"]["labels"] = {"mine": "no", "other": "x"}
    patch = nodes.patch(known, OPTIONS, HARDWARE)
    assert patch is not None
    assert patch["metadata"]["labels"]["mine"] == "yes"
    assert "other" not in patch["metadata"]["labels"]


def test_what_there_is_and_what_pods_may_have() -> None:
    reserved = Reserved(millicpu=500, memory_bytes=1 << 30, storage_bytes=10 << 30)
    found = status(reserved=reserved, max_pods=50)
    assert found["capacity"] == {"cpu": "4", "memory": "8Gi", "ephemeral-storage": "100Gi", "pods": "50"}
    assert found["allocatable"] == {"cpu": "3500m", "memory": "7068Mi", "ephemeral-storage": "85Gi", "pods": "50"}
    greedy = status(reserved=Reserved(millicpu=10**6, memory_bytes=1 << 50, storage_bytes=1 << 50))
    assert greedy["allocatable"]["cpu"] == greedy["allocatable"]["memory"] == "0"


def test_who_it_is() -> None:
    found = status(Standing({}, runtime_version="wherry://1"), version="v1.37.0", port=1)
    assert found["nodeInfo"]["containerRuntimeVersion"] == "wherry://1"
    assert found["nodeInfo"]["kubeletVersion"] == "v1.37.0"
    assert found["nodeInfo"]["architecture"] == "arm64"
    assert found["daemonEndpoints"] == {"kubeletEndpoint": {"Port": 1}}
    assert nodes.addresses(OPTIONS) == [
        {"type": "InternalIP", "address": "192.0.2.1"}, {"type": "InternalIP", "address": "fd00::1"},
        {"type": "Hostname", "address": "host"},
    ]  # fmt: skip


def test_the_largest_images_are_shown() -> None:
    images = [ImageStatus(f"sha256:{n}", f"a@sha256:{n}", (f"a:{n}", f"a@sha256:{n}"), n) for n in range(60)]
    found = nodes.shown_images(images)
    assert len(found) == 50
    assert found[0] == {"names": ["a@sha256:59", "a:59"], "sizeBytes": 59}
    assert nodes.shown_images([ImageStatus("sha256:x", "sha256:x", (), 1)]) == [
        {"names": ["sha256:x"], "sizeBytes": 1}
    ]  # fmt: skip


def applied(node: Object, patch: Object) -> Object:
    whole = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, **node}
    found: Object = strategic.apply(
        msgspec.json.decode(msgspec.json.encode(whole)), patch, schema_of(GroupVersionKind("", "v1", "Node"))
    )
    return found


def test_what_was_written_need_not_be_written_again() -> None:
    wanted = status()
    patch = nodes.difference({}, wanted)
    assert patch is not None
    node = applied({}, patch)
    assert nodes.difference(node, wanted) is None
    later = nodes.status(node, OPTIONS, HARDWARE, Standing({}), NOW + timedelta(minutes=1))
    changed = nodes.difference(node, later)
    assert changed is not None
    assert set(changed["status"]) == {"addresses", "conditions"}
    assert applied(node, changed)["status"]["addresses"] == later["addresses"]


def test_extended_resources_that_somebody_said_are_for_pods_until_they_are_gone() -> None:
    node: Object = {"status": status()}
    node["status"]["capacity"] |= {"example.com/dongle": "4"}
    wanted = status(node=node)
    assert wanted["capacity"]["example.com/dongle"] == wanted["allocatable"]["example.com/dongle"] == "4"
    patch = nodes.difference(node, wanted)
    assert patch is not None
    node = applied(node, patch)
    assert nodes.difference(node, status(node=node)) is None
    del node["status"]["capacity"]["example.com/dongle"]
    patch = nodes.difference(node, status(node=node))
    assert patch is not None
    node = applied(node, patch)
    assert "example.com/dongle" not in node["status"]["allocatable"]
    assert nodes.difference(node, status(node=node)) is None


def test_conditions_of_others_are_none_of_its_business() -> None:
    wanted = status()
    others = {"status": {**wanted, "conditions": [*wanted["conditions"], {"type": "Other", "status": "True"}]}}
    assert nodes.difference(others, wanted) is None


def test_a_pressure_is_written() -> None:
    node = {"status": status()}
    patch = nodes.difference(node, status(Standing({"MemoryPressure": "memory.available"}), node))
    assert patch is not None
    assert [each["status"] for each in patch["status"]["conditions"]] == ["True", "False", "False", "True"]


def test_thresholds_are_not_given_to_pods() -> None:
    none = status(thresholds=Thresholds({}))
    assert none["allocatable"]["memory"] == "8Gi"
    assert none["allocatable"]["ephemeral-storage"] == "100Gi"
