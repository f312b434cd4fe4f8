"""K14: nothing that a pod may hold or refer to is left out."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.apiserver.admission.asking import pod
from wherry.kube.apiserver.admission import podspec
from wherry.kube.machinery.model import GroupResource, GroupVersionKind, Object
from wherry.kube.machinery.schema.builtin import schema_of
from wherry.kube.machinery.schema.model import Schema

POD = schema_of(GroupVersionKind("", "v1", "Pod"))
_CONTAINERS = {"Container", "EphemeralContainer"}


def fields(
    schema: Schema, path: tuple[str, ...] = (), seen: frozenset[str] = frozenset()
) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Every field below; lists are entered under the same name."""
    for name, below in schema.properties.items():
        inner = below.items or below
        yield (*path, name), inner
        if inner.name not in seen:
            yield from fields(inner, (*path, name), seen | {inner.name} if inner.name else seen)


def short(schema: Schema) -> str:
    return schema.name.rpartition(".")[2]


def test_the_schema_has_no_other_lists_of_containers() -> None:
    spec = POD.properties["spec"]
    lists = {name for name, below in spec.properties.items() if below.items and short(below.items) in _CONTAINERS}
    assert lists == set(podspec.CONTAINER_FIELDS)


def test_every_resource_with_a_pod_template_is_known() -> None:
    for resource, path in podspec.TEMPLATES.items():
        obj: Object = {"kind": "x", "spec": {"marker": 1}}
        for name in reversed(path):
            obj = {name: obj}
        assert podspec.template_of(resource, obj) == {"kind": "x", "spec": {"marker": 1}}
    assert podspec.template_of(GroupResource("apps", "deployments"), {"spec": {}}) is None


def build(path: tuple[str, ...], leaf: object) -> Object:
    """An object with that one value; every list on the way has one element."""
    obj: object = leaf
    schema = POD
    steps = []
    for name in path:
        schema = schema.properties[name]
        steps.append((name, schema.items is not None))
        schema = schema.items or schema
    for name, is_list in reversed(steps):
        obj = {name: [obj] if is_list else obj}
    assert isinstance(obj, dict)
    return obj


def paths_to(names: set[str]) -> list[tuple[str, ...]]:
    """Of all fields of a pod that refer to a secret (or config map) by name."""
    return [path for path, schema in fields(POD) if short(schema) in names or path[-1] in names]


# A field of one of these types, or of these names, holds the name of a secret. The CSI driver's other secrets are for
# controllers and appear in persistent volumes alone.
SECRETS = paths_to(
    {
        "SecretKeySelector",
        "SecretEnvSource",
        "SecretProjection",
        "SecretVolumeSource",
        "secretRef",
        "nodePublishSecretRef",
        "azureFile",
    }
)
CONFIG_MAPS = paths_to({"ConfigMapKeySelector", "ConfigMapEnvSource", "ConfigMapProjection", "ConfigMapVolumeSource"})


@pytest.mark.parametrize("path", SECRETS, ids=".".join)
def test_a_secret_is_found_wherever_a_pod_may_refer_to_it(path: tuple[str, ...]) -> None:
    reference = {"name": "s", "key": "k", "secretName": "s"}
    assert podspec.refers_to_secrets(build(path, reference)["spec"])


@pytest.mark.parametrize("path", CONFIG_MAPS, ids=".".join)
def test_a_config_map_is_found_wherever_a_pod_may_refer_to_it(path: tuple[str, ...]) -> None:
    assert podspec.refers_to_config_maps(build(path, {"name": "m", "key": "k"})["spec"])


def test_the_walk_finds_what_there_is() -> None:
    assert len(SECRETS) >= 3 * 2 + 9 and len(CONFIG_MAPS) >= 3 * 2 + 2
    assert ("spec", "ephemeralContainers", "envFrom", "secretRef") in SECRETS


def test_a_pod_without_references_has_none() -> None:
    spec = pod()["spec"]
    assert not podspec.refers_to_secrets(spec) and not podspec.refers_to_config_maps(spec)
    assert podspec.refers_to_secrets({"imagePullSecrets": [{"name": "s"}]})


@given(st.dictionaries(st.sampled_from(podspec.CONTAINER_FIELDS), st.lists(st.sampled_from("abc"), max_size=3)))
def test_all_containers_come_each_with_its_place(given_names: dict[str, list[str]]) -> None:
    spec = {field: [{"name": name} for name in names] for field, names in given_names.items()}
    expected = sorted(name for names in given_names.values() for name in names)
    assert sorted(each["name"] for each in podspec.containers(spec)) == expected
    for path, container in podspec.placed_containers(spec):
        field, _, position = path.removeprefix("spec.").removesuffix("]").partition("[")
        assert spec[field][int(position)] is container
