"""The downward API as text."""

import pytest

from tests.unit.node.pods.rig import container, pod
from wherry.kit.errors import Invalid
from wherry.kube.machinery.quantity import parse
from wherry.node.pods.composing.fields import Surroundings, field_value, formatted, quoted, resource_value

AROUND = Surroundings(("10.0.0.5", "fd00::5"), ("192.0.2.1",), {"cpu": parse("4"), "memory": parse("8Gi")})


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("metadata.name", "web"),
        ("metadata.namespace", "default"),
        ("metadata.uid", "uid-web"),
        ("metadata.labels['app']", "shop"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations['a/b']", "x"),
        ("metadata.labels", 'app="shop"'),
        ("spec.nodeName", "n1"),
        ("spec.serviceAccountName", "me"),
        ("status.podIP", "10.0.0.5"),
        ("status.podIPs", "10.0.0.5,fd00::5"),
        ("status.hostIP", "192.0.2.1"),
        ("status.hostIPs", "192.0.2.1"),
    ],
)
def test_fields(path: str, wanted: str) -> None:
    web = pod("web", serviceAccountName="me")
    web["metadata"] |= {"labels": {"app": "shop"}, "annotations": {"a/b": "x"}}
    assert field_value(web, path, AROUND) == wanted


def test_a_field_that_is_none() -> None:
    with pytest.raises(Invalid, match="unsupported fieldPath: spec"):
        field_value(pod(), "spec.containers", AROUND)


@pytest.mark.parametrize(
    ("resource", "divisor", "wanted"),
    [
        ("requests.cpu", "0", "1"),  # 250 thousandths are a whole one, rounded up
        ("requests.cpu", "1m", "250"),
        ("limits.cpu", "1", "4"),  # none of its own: all that the node has
        ("limits.memory", "1Mi", "64"),
        ("limits.memory", "0", str(64 << 20)),
        ("requests.memory", "1", "0"),
    ],
)
def test_resources(resource: str, divisor: str, wanted: str) -> None:
    web = container(resources={"requests": {"cpu": "250m"}, "limits": {"memory": "64Mi"}})
    assert resource_value(web, {"resource": resource, "divisor": divisor}, AROUND) == wanted


def test_a_resource_that_is_none() -> None:
    with pytest.raises(Invalid, match="unsupported container resource"):
        resource_value(container(), {"resource": "cpu"}, AROUND)


def test_files_of_labels_are_in_order_and_quoted() -> None:
    assert formatted({"b": "2", "a": 'say "x"\n'}) == 'a="say \\"x\\"\\n"\nb="2"'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("é", '"é"'),
        ("\x01", '"\\x01"'),
        ("\t\\", '"\\t\\\\"'),
        ("\u200b", '"\\u200b"'),
        ("\U000e0001", '"\\U000e0001"'),
    ],
)
def test_quoted_as_go_does(text: str, wanted: str) -> None:
    assert quoted(text) == wanted
