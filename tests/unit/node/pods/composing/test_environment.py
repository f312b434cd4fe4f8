"""A container's environment."""

from base64 import b64encode

import pytest

from tests.unit.node.pods.rig import container, pod
from wherry.kit.errors import Invalid, NotFound
from wherry.kube.machinery.model import Object
from wherry.node.pods.composing.environment import Sources, environment, is_variable, references, text
from wherry.node.pods.composing.fields import Surroundings

HOLDERS: dict[tuple[str, str], Object] = {
    ("configmaps", "m"): {"data": {"A": "1", "bad=name": "x"}, "binaryData": {"B": b64encode(b"\xff").decode()}},
    ("secrets", "s"): {
        "data": {"A": b64encode(b"2").decode(), "C": b64encode(b"3").decode(), "D": b64encode(b"\xff").decode()}
    },
}


def find(kind: str, name: str) -> Object | None:
    return HOLDERS.get((kind, name))


def built(*env: Object, sources: list[Object] | None = None, services: dict[str, str] | None = None) -> dict[str, str]:
    web = container(env=list(env), envFrom=sources or [])
    return environment(pod("web", web), web, Sources(find, Surroundings(("10.0.0.1",)), services or {}))


def key(kind: str, name: str, of: str, **more: object) -> Object:
    return {"name": "X", "valueFrom": {kind: {"name": name, "key": of, **more}}}


def test_later_counts_more() -> None:
    sources = [{"configMapRef": {"name": "m"}}, {"secretRef": {"name": "s"}}]
    found = built({"name": "C", "value": "own"}, sources=sources, services={"A": "service", "S": "service"})
    assert (found["A"], found["C"], found["S"]) == ("2", "own", "service")


def test_a_prefix_is_put_before_every_name() -> None:
    found = built(sources=[{"prefix": "P_", "configMapRef": {"name": "m"}}])
    assert found["P_A"] == "1"
    assert not [name for name in found if "=" in name]


def test_bytes_pass_through() -> None:
    found = built(sources=[{"secretRef": {"name": "s"}}])
    assert found["D"].encode("utf-8", "surrogateescape") == b"\xff"
    assert text(b"\xff") == found["D"]


def test_binary_data_of_a_config_map_is_no_variable() -> None:
    assert set(built(sources=[{"configMapRef": {"name": "m"}}])) == {"A"}


def test_variables_know_those_before_them_and_the_services() -> None:
    found = built(
        {"name": "ONE", "value": "1"},
        {"name": "TWO", "value": "$(ONE)$(THREE)$(S)"},
        {"name": "THREE", "value": "3"},
        services={"S": "s"},
    )
    assert found["TWO"] == "1$(THREE)s"


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        (key("configMapKeyRef", "none", "A"), 'configmap "none" not found'),
        (key("secretKeyRef", "none", "A"), 'secret "none" not found'),
        (key("configMapKeyRef", "m", "none"), "couldn't find key none in ConfigMap default/m"),
        (key("secretKeyRef", "s", "none"), "couldn't find key none in Secret default/s"),
        (key("configMapKeyRef", "m", "B"), "couldn't find key B in ConfigMap default/m"),
    ],
)
def test_what_is_not_there(variable: Object, said: str) -> None:
    with pytest.raises(NotFound) as found:
        built(variable)
    assert found.value.message == said


@pytest.mark.parametrize("variable", [key("configMapKeyRef", "none", "A"), key("secretKeyRef", "s", "none")])
def test_what_is_optional_may_be_missing(variable: Object) -> None:
    next(iter(variable["valueFrom"].values()))["optional"] = True
    assert built(variable) == {}
    variable["valueFrom"] = dict(variable["valueFrom"])


def test_a_source_that_is_missing_and_need_not_be_there() -> None:
    assert built(sources=[{"secretRef": {"name": "none", "optional": True}}]) == {}
    with pytest.raises(NotFound):
        built(sources=[{"secretRef": {"name": "none"}}])


def test_fields_and_resources() -> None:
    found = built(
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "requests.cpu", "containerName": "web"}}},
    )
    assert found == {"IP": "10.0.0.1", "CPU": "0"}


def test_what_is_not_supported_is_said() -> None:
    with pytest.raises(Invalid, match="somethingElse, which is not supported"):
        built({"name": "X", "valueFrom": {"somethingElse": {}}})


def test_what_a_container_refers_to() -> None:
    web = container(
        env=[key("configMapKeyRef", "a", "k"), key("secretKeyRef", "b", "k"), {"name": "V", "value": "v"}],
        envFrom=[{"configMapRef": {"name": "c"}}, {"secretRef": {"name": "d"}}],
    )
    assert references(web) == {("configmaps", "a"), ("secrets", "b"), ("configmaps", "c"), ("secrets", "d")}


def test_which_names_a_variable_can_have() -> None:
    assert is_variable("a.b-c 1")
    assert not is_variable("a=b")
    assert not is_variable("")
    assert not is_variable("é")


def of_file(path: str, key: str = "A", **more: object) -> Object:
    return {"name": "X", "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": path, "key": key, **more}}}


def from_file(variable: Object) -> dict[str, str]:
    files = {("v", "env"): "A='x y'\nE=''\n", ("v", "bad"): "A=1", ("v", "long"): f"A='{'x' * 40000}'"}
    web = container(env=[variable])
    return environment(pod("web", web), web, Sources(find, file=lambda volume, path: files.get((volume, path))))


def test_a_variable_out_of_a_file() -> None:
    assert from_file(of_file("env")) == {"X": "x y"}
    assert from_file(of_file("env", "E")) == {"X": ""}
    assert from_file(of_file("env", "B", optional=True)) == {}
    assert from_file(of_file("gone", optional=True)) == {}


@pytest.mark.parametrize(
    ("variable", "error", "why"),
    [
        (of_file("env", "B"), NotFound, 'key "B" not found in file "env"'),
        (of_file("gone"), NotFound, 'key "A" not found in file "gone"'),
        (of_file("bad", optional=True), Invalid, "enclosed in single quotes"),
        (of_file("long"), Invalid, "exceeds maximum size of 32KB"),
        (of_file("env", "K" * 129), Invalid, "exceeds maximum length of 128 characters"),
    ],
)
def test_a_file_that_does_not_have_it(variable: Object, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        from_file(variable)


def test_without_volumes_there_are_no_files() -> None:
    with pytest.raises(Invalid, match='cannot find the volume "v"'):
        built(of_file("env"))
