from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery import jsonpath

POD = {
    "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "web", "app": "x"}},
    "spec": {
        "replicas": 3,
        "containers": [
            {"name": "a", "image": "nginx", "ports": [{"port": 80}, {"port": 443}]},
            {"name": "b", "image": "redis", "ready": True},
        ],
    },
    "status": {
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "Old", "status": "False"}],
        "sizes": [1, 5, 10.5],
    },
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.replicas", [3]),
        ("spec.replicas", [3]),
        ("{.spec.replicas}", [3]),
        ("$.spec.replicas", [3]),
        (".spec.missing.deep", []),
        (".spec.replicas.deep", []),
        (r".metadata.labels.app\.kubernetes\.io/name", ["web"]),
        (r".metadata.labels['app\.kubernetes\.io/name']", ["web"]),
        (".metadata.labels['app']", ["x"]),
        (".spec.containers[0].name", ["a"]),
        (".spec.containers[-1].name", ["b"]),
        (".spec.containers[7].name", []),
        (".spec.containers[*].image", ["nginx", "redis"]),
        (".spec.containers[0:1].name", ["a"]),
        (".spec.containers[-1:].name", ["b"]),
        (".spec.containers[0,1].name", ["a", "b"]),
        (".spec.containers[*]['name','image']", ["a", "nginx", "b", "redis"]),
        (".status.sizes[::2]", [1, 10.5]),
        (".spec.containers[*].ports[*].port", [80, 443]),
        ("..port", [80, 443]),
        (".metadata.labels.*", ["web", "x"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type=='Ready')].status", ["True"]),
        ('.status.conditions[?(@.type!="Ready")].status', ["False"]),
        (".status.sizes[?(@>4)]", [5, 10.5]),
        (".status.sizes[?(@<=5)]", [1, 5]),
        (".spec.containers[?(@.ports)].name", ["a"]),
        (".spec.containers[?(@.ready==true)].name", ["b"]),
        ('.spec.containers[?(@.name=="a)b")].name', []),
    ],
)
def test_a_path_finds_values(path: str, found: list[Any]) -> None:
    assert jsonpath.compile(path)(POD) == found


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        (".a[0", "unterminated array"),
        (".a[x]", "invalid array index x"),
        (".a[]", "invalid array index "),
        (".a[::0]", "step must be > 0"),
        (".a[?(@.b==1", "unterminated filter"),
        (".a[?(@.b==1)", "unclosed array expect ]"),
        (".a[?(@.b=!1)]", "unrecognized filter operator =!"),
        (".a{.b}", "unexpected path string"),
        (".a[?(@.b=='x)]", "unterminated filter"),
    ],
)
def test_what_is_no_path_is_refused(path: str, complaint: str) -> None:
    with pytest.raises(ValueError) as error:
        jsonpath.compile(path)
    assert complaint in str(error.value)


def test_values_of_different_kinds_are_not_equal() -> None:
    document = {"a": [{"b": "1"}, {"b": 1}, {"b": True}]}
    assert jsonpath.compile(".a[?(@.b==1)]")(document) == [{"b": 1}]
    assert jsonpath.compile('.a[?(@.b=="1")]')(document) == [{"b": "1"}]


@given(st.text(max_size=30))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        get = jsonpath.compile(text)
    except ValueError:
        return
    assert isinstance(get(POD), list)
