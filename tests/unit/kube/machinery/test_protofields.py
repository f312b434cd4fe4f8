"""The table of messages."""

import json
from pathlib import Path

import pytest

from wherry.kube.kinds.every import builtin
from wherry.kube.machinery import protofields
from wherry.kube.machinery.protofields import Row
from wherry.kube.machinery.schema.builtin import raw_definitions

SPECIAL = {"string", "int32", "int64", "bool", "bytes", "double", "raw", "time", "microtime", "json", "quantity"} | {
    "intorstring", "strings", "schemaorbool", "schemaorarray", "schemaorstrings",
}  # fmt: skip


def test_a_field_has_a_name_a_number_and_a_type() -> None:
    rows = {row.name: row for row in protofields.rows("apps.v1.DeploymentSpec")}
    assert rows["replicas"] == Row("replicas", 1, "", "int32", False)
    assert rows["minReadySeconds"] == Row("minReadySeconds", 5, "", "int32", True)
    assert rows["strategy"].type == "apps.v1.DeploymentStrategy"
    assert rows["template"].type == "core.v1.PodTemplateSpec"
    meta = {row.name: row for row in protofields.rows("meta.v1.ObjectMeta")}
    assert (meta["labels"].cardinality, meta["finalizers"].cardinality) == ("%", "*")


def test_every_type_is_known_and_every_number_used_once() -> None:
    known = set(protofields.messages())
    assert set(protofields.kinds().values()) <= known
    for name in known:
        rows = protofields.rows(name)
        assert {row.type for row in rows} <= known | SPECIAL
        assert len({row.number for row in rows}) == len(rows)


def test_a_message_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        protofields.rows("core.v1.Nothing")


def test_there_are_no_alpha_kinds() -> None:
    assert not [version for version, _ in protofields.kinds() if "alpha" in version]


def _names(message: str) -> set[str]:
    rows = protofields.rows(message)
    below = [_names(row.type) for row in rows if row.cardinality == "~"]
    return {row.name for row in rows if row.cardinality != "~"}.union(*below)


# Fields of 1.37, behind gates that are off but for the first, whose numbers are not known: they are skipped.
UNKNOWN = {"runningInUserNamespace", "compatibilityGroups", "derivedAttributes"}


def test_fields_have_the_names_that_openapi_has() -> None:
    """But for apiVersion and kind, which are around the message."""
    short = {name.removeprefix("io.k8s.api.").rpartition(".apis.")[2]: each for name, each in raw_definitions().items()}
    compared = 0
    for message in protofields.messages():
        properties = short.get(message, {}).get("properties")
        if properties:
            ours, theirs = _names(message), set(properties)
            assert ours - {"apiVersion", "kind"} == theirs - {"apiVersion", "kind"} - UNKNOWN, message
            compared += 1
    assert compared > 600


def test_every_kind_with_a_definition_is_in_the_table() -> None:
    missing = {
        (f"{gvk['group']}/{gvk['version']}" if gvk["group"] else gvk["version"], gvk["kind"])
        for each in raw_definitions().values()
        for gvk in each.get("x-kubernetes-group-version-kind", ())
        if "alpha" not in gvk["version"] and not gvk["kind"].endswith("Options") and gvk["kind"] != "WatchEvent"
    } - set(protofields.kinds())
    assert missing <= {("apiregistration.k8s.io/v1beta1", "APIService"), ("v1", "Status")} - set(protofields.kinds())


def test_every_builtin_kind_can_be_sent() -> None:
    served = {(str(kind.gvk(version.name).group_version), kind.kind) for kind in builtin() for version in kind.versions}
    assert served <= set(protofields.kinds())


@pytest.mark.skipif(not (FACTS := Path(__file__).parents[5] / "shared/data/kubernetes-field-numbers.json").exists(),
                    reason="the facts are not beside the project")  # fmt: skip
def test_numbers_are_those_of_the_facts() -> None:
    facts = json.loads(FACTS.read_text())["messages"]
    for message in protofields.messages():
        long = [name for name in facts if name.endswith(f".{message}") and ".internal." not in name]
        for name in long[:1]:
            assert {row.number for row in protofields.rows(message)} == {number for number, *_ in facts[name]}
