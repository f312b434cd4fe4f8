"""What a node is asked of a pod, and upstream's words for what is wrong."""

from urllib.parse import parse_qs

import pytest

from wherry.kube.apiserver.connecting import podrequests
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError


def pod(*containers: str, **spec: object) -> Object:
    return {
        "metadata": {"name": "p", "namespace": "ns"},
        "spec": {"containers": [{"name": each} for each in containers], **spec},
    }


TWO = pod("a", "b", initContainers=[{"name": "first"}], ephemeralContainers=[{"name": "debug"}])


def test_the_only_container_need_not_be_named() -> None:
    assert podrequests.container_of(pod("a"), "") == "a"
    assert podrequests.container_of(pod("a", initContainers=[{"name": "i"}]), "") == "a"
    for name in ("a", "b", "first", "debug"):
        assert podrequests.container_of(TWO, name) == name


@pytest.mark.parametrize(
    ("found", "name", "why"),
    [
        (pod("a", "b"), "", "a container name must be specified for pod p, choose one of: [a b]"),
        (TWO, "", "a container name must be specified for pod p, choose one of: [first a b debug]"),
        (pod(), "", "a container name must be specified for pod p"),
        (pod("a"), "x", "container x is not valid for pod p"),
    ],
)
def test_containers_that_are_not_clear(found: Object, name: str, why: str) -> None:
    with pytest.raises(StatusError) as error:
        podrequests.container_of(found, name)
    assert (error.value.code, error.value.message) == (400, why)


def test_a_pod_without_a_node() -> None:
    assert podrequests.node_of(pod("a", nodeName="n")) == "n"
    with pytest.raises(StatusError, match="pod p does not have a host assigned"):
        podrequests.node_of(pod("a"))


def log(query: str) -> tuple[str, dict[str, list[str]]]:
    path, _, found = podrequests.log_target(pod("a"), parse_qs(query, keep_blank_values=True)).partition("?")
    return path, parse_qs(found)


def test_the_options_of_a_log() -> None:
    assert log("") == ("/containerLogs/ns/p/a", {"stream": ["All"]})
    query = "follow=true&previous=1&timestamps=true&tailLines=5&limitBytes=6&sinceSeconds=7&stream=All&pretty=x"
    assert log(query)[1] == {
        "follow": ["true"], "previous": ["true"], "timestamps": ["true"], "tailLines": ["5"], "limitBytes": ["6"],
        "sinceSeconds": ["7"], "stream": ["All"],
    }  # fmt: skip
    assert log("sinceTime=2026-01-02T03:04:05%2B01:00")[1]["sinceTime"] == ["2026-01-02T02:04:05Z"]
    assert log("follow=false&tailLines=")[1] == {"stream": ["All"]}


@pytest.mark.parametrize(
    ("query", "code", "why"),
    [
        ("tailLines=-1", 422, "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ("limitBytes=0", 422, "limitBytes: Invalid value: 0: must be greater than 0"),
        ("sinceSeconds=0", 422, "sinceSeconds: Invalid value: 0: must be greater than 0"),
        (
            "sinceSeconds=5&sinceTime=2026-01-02T03:04:05Z", 422,
            "at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        ("stream=Both", 422, 'stream: Unsupported value: "Both"'),
        ("stream=Stdout&tailLines=5", 422, "`tailLines` and specific `stream` are mutually exclusive for now"),
        ("tailLines=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("sinceTime=yesterday", 400, "parsing time"),
        ("container=x", 400, "container x is not valid for pod p"),
    ],
)  # fmt: skip
def test_options_that_are_wrong(query: str, code: int, why: str) -> None:
    with pytest.raises(StatusError) as error:
        log(query)
    assert error.value.code == code and why in error.value.message


def process(action: str, query: str) -> tuple[str, dict[str, list[str]]]:
    found = podrequests.process_target(action, pod("a", "b"), parse_qs(query, keep_blank_values=True))
    path, _, rest = found.partition("?")
    return path, parse_qs(rest, keep_blank_values=True)


def test_the_options_of_a_command() -> None:
    query = "container=b&stdin=true&stdout=true&stderr=false&tty=true&command=sh&command=-c&command=&command=a%26b"
    assert process("exec", query) == (
        "/exec/ns/p/b",
        {"input": ["1"], "output": ["1"], "tty": ["1"], "command": ["sh", "-c", "", "a&b"]},
    )
    assert process("attach", "container=a&command=x") == ("/attach/ns/p/a", {"output": ["1"], "error": ["1"]})


def test_ports() -> None:
    found = podrequests.ports_target(pod("a"), {"ports": ["80", "90,100"]})
    assert found == "/portForward/ns/p?port=80%2C90%2C100"
    assert podrequests.ports_target(pod("a"), {}) == "/portForward/ns/p"
    with pytest.raises(StatusError):
        podrequests.ports_target(pod("a"), {"ports": ["http"]})


def test_names_stay_names() -> None:
    odd = pod("a")
    odd["metadata"]["name"] = "a/../b?x"
    assert podrequests.log_target(odd, {}).startswith("/containerLogs/ns/a%2F..%2Fb%3Fx/a?")
