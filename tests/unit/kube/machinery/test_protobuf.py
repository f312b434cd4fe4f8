"""Protobuf bodies become what the same object in JSON would be, or a 400."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.kube.apiserver.served import KINDS, Answer, Request, serving
from tests.unit.kube.kubectl import kubectl, kubectls
from tests.unit.kube.machinery.protobuf_encoder import body, chunk, message, text, varint, whole
from tests.unit.kube.machinery.protobuf_samples import DEFINITION, DEPLOYMENT, SAMPLES, SCHEMA, objects
from wherry.kube.apiserver.discovery import Discovery
from wherry.kube.machinery import jsondocs, protofields
from wherry.kube.machinery.protobuf import MAGIC, decode
from wherry.kube.machinery.status import StatusError


def wrapped(version: str, kind: str, raw: bytes) -> bytes:
    return MAGIC + chunk(1, text(1, version) + text(2, kind)) + chunk(2, raw)


@pytest.mark.parametrize("zeros", [False, True], ids=["plain", "with Go's zeros"])
@pytest.mark.parametrize("document", SAMPLES, ids=lambda document: document["kind"])
def test_an_object_is_read_as_it_was_written(document: dict[str, Any], zeros: bool) -> None:
    assert decode(body(document, zeros)) == document


@given(document=objects(), zeros=st.booleans())
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
def test_any_object_of_the_table_is_read_as_it_was_written(document: dict[str, Any], zeros: bool) -> None:
    read = decode(body(document, zeros))
    assert _without_empty(read) == _without_empty(document)


def _without_empty(value: Any) -> Any:
    """Inline messages that are written although they are empty leave nothing; all others leave {}."""
    if isinstance(value, dict):
        return {name: _without_empty(each) for name, each in value.items() if each != {}}
    return [_without_empty(each) for each in value] if isinstance(value, list) else value


def test_a_zero_of_a_pointer_was_meant_and_one_of_anything_else_is_nothing() -> None:
    spec = whole(1, 0) + whole(5, 0) + whole(7, 0)  # replicas, minReadySeconds, paused
    assert decode(wrapped("apps/v1", "Deployment", chunk(2, spec)))["spec"] == {"replicas": 0}


def test_a_required_field_that_is_empty_is_there() -> None:
    pod = chunk(2, chunk(2, text(1, "") + text(2, "")))  # a container's name and image
    assert decode(wrapped("v1", "Pod", pod))["spec"]["containers"] == [{"name": ""}]


def test_an_empty_time_is_null_and_left_out() -> None:
    meta = text(1, "a") + chunk(8, b"")
    assert decode(wrapped("v1", "ConfigMap", chunk(1, meta)))["metadata"] == {"name": "a"}


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "1970-01-01T00:00:00Z"), (-62135596800, "0001-01-01T00:00:00Z"), (1764252306, "2025-11-27T14:05:06Z")],
)
def test_times_have_seconds(seconds: int, shown: str) -> None:
    meta = chunk(8, whole(1, seconds) + whole(2, 999_999_999))
    assert decode(wrapped("v1", "ConfigMap", chunk(1, meta)))["metadata"]["creationTimestamp"] == shown


def test_a_time_beyond_all_years_is_refused() -> None:
    with pytest.raises(StatusError, match="years 1 to 9999"):
        decode(wrapped("v1", "ConfigMap", chunk(1, chunk(8, whole(1, 2**62)))))


def test_a_field_in_pieces_is_put_together() -> None:
    raw = (
        chunk(1, text(1, "a"))
        + chunk(1, text(3, "ns") + chunk(11, text(1, "k") + text(2, "v")))
        + chunk(1, text(1, "b"))
    )
    assert decode(wrapped("v1", "ConfigMap", raw))["metadata"] == {"name": "b", "namespace": "ns", "labels": {"k": "v"}}


def test_packed_numbers_are_read() -> None:
    security = chunk(4, varint(1) + varint(2) + varint(-3))
    pod = chunk(2, chunk(14, security))
    assert decode(wrapped("v1", "Pod", pod))["spec"]["securityContext"]["supplementalGroups"] == [1, 2, -3]


def test_an_entry_without_key_or_value_has_empty_ones() -> None:
    assert decode(wrapped("v1", "ConfigMap", chunk(2, b"")))["data"] == {"": ""}


def test_unknown_fields_are_skipped() -> None:
    unknown = text(1000, "x") + whole(1001, 7) + varint(1002 << 3 | 1) + bytes(8) + varint(1003 << 3 | 5) + bytes(4)
    assert decode(wrapped("v1", "ConfigMap", unknown + chunk(1, text(1, "a"))))["metadata"] == {"name": "a"}


def test_an_extension_may_be_a_body_of_its_own() -> None:
    inner = body({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}})
    revision = wrapped("apps/v1", "ControllerRevision", chunk(2, chunk(1, inner)))
    assert decode(revision)["data"] == {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}


def test_every_group_version_has_the_options() -> None:
    raw = message("meta.v1.DeleteOptions", {"gracePeriodSeconds": 0, "preconditions": {"uid": "u"}})
    for version in ("v1", "apps/v1", "policy/v1"):
        assert decode(wrapped(version, "DeleteOptions", raw))["gracePeriodSeconds"] == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "expected prefix [107 56 115 0]"),
        (b"{}", "expected prefix [107 56 115 0]"),
        (MAGIC, "Kind' is missing"),
        (wrapped("v1", "Nothing", b""), 'no kind "Nothing" is registered for version "v1"'),
        (wrapped("v1", "Deployment", b""), 'no kind "Deployment" is registered for version "v1"'),
        (wrapped("v1", "PodSpec", b""), 'no kind "PodSpec" is registered'),
        (body(DEPLOYMENT)[:-1], "unexpected EOF"),
        (wrapped("v1", "ConfigMap", b"\x0a"), "unexpected EOF"),
        (wrapped("v1", "ConfigMap", b"\x0a\x05ab"), "unexpected EOF"),
        (wrapped("v1", "ConfigMap", b"\x0a" + b"\xff" * 20), "integer overflow"),
        (wrapped("v1", "ConfigMap", b"\xff" * 20), "integer overflow"),
        (wrapped("v1", "ConfigMap", whole(1, 1)), "wrong wireType = 0 for field 1"),
        (wrapped("v1", "ConfigMap", b"\x00\x00"), "illegal tag 0"),
        (wrapped("v1", "ConfigMap", b"\xfb\x01"), "illegal wireType 3"),
        (wrapped("v1", "ConfigMap", chunk(1, text(1, "a")[:2] + b"\xff")), "not valid UTF-8"),
        (wrapped("v1", "ConfigMap", chunk(2, chunk(1, b"\xff"))), "not valid UTF-8"),
        (wrapped("apps/v1", "ControllerRevision", chunk(2, chunk(1, b"{"))), "unexpected end of JSON input"),
        (MAGIC + chunk(1, text(1, "v1") + text(2, "Pod")) + text(3, "gzip"), "unsupported content encoding 'gzip'"),
        (MAGIC + chunk(1, text(1, "v1") + text(2, "Pod")) + text(4, "application/json"), "unsupported content type"),
    ],
)
def test_what_is_no_such_message_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(StatusError) as caught:
        decode(data)
    assert caught.value.code == 400
    assert said in caught.value.message


def test_deep_messages_are_refused() -> None:
    raw = b""
    for _ in range(5000):
        raw = chunk(28, raw)  # not
    raw = chunk(2, chunk(7, chunk(4, chunk(1, raw))))
    with pytest.raises(StatusError, match="max depth"):
        decode(wrapped("apiextensions.k8s.io/v1", "CustomResourceDefinition", raw))


def test_deep_extensions_in_each_other_are_refused() -> None:
    data = b""
    for _ in range(200):
        data = wrapped("apps/v1", "ControllerRevision", chunk(2, chunk(1, data)))
    with pytest.raises(StatusError, match="max depth"):
        decode(data)


def _bodies() -> st.SearchStrategy[bytes]:
    return st.sampled_from([body(sample, True) for sample in SAMPLES])


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for version, kind in (("v1", "Pod"), ("apiextensions.k8s.io/v1", "CustomResourceDefinition"), ("v1", "Event")):
        _read_or_refused(wrapped(version, kind, data))
    _read_or_refused(MAGIC + data)


@given(data=_bodies(), place=st.integers(0), byte=st.integers(0, 255), cut=st.integers(0))
@settings(max_examples=500)
def test_a_changed_or_cut_body_is_read_or_refused(data: bytes, place: int, byte: int, cut: int) -> None:
    place %= len(data)
    _read_or_refused(data[:place] + bytes([byte]) + data[place + 1 :])
    _read_or_refused(data[: cut % len(data)])


def _read_or_refused(data: bytes) -> None:
    try:
        json.dumps(decode(data), allow_nan=False).encode()
    except StatusError as error:
        assert error.code == 400


def test_every_message_that_the_table_names_is_in_it() -> None:
    known = set(protofields.messages())
    assert set(protofields.kinds().values()) <= known
    for name in known:
        for row in protofields.rows(name):
            assert row.type in known or "." not in row.type


def test_a_schema_has_its_names_in_json() -> None:
    version = decode(body(DEFINITION))["spec"]["versions"][0]
    assert version["schema"]["openAPIV3Schema"] == SCHEMA


# --- what real kubectls post, beside what they would have posted in JSON

COMMANDS = (
    "create deployment web --image=nginx --replicas=0 --port=80 -- sh -c true",
    "create configmap cm --from-literal=a=b --from-literal=c=",
    "create secret generic s --from-literal=a=b",
    "create secret docker-registry d --docker-username=u --docker-password=p",
    "create namespace n",
    "create serviceaccount a",
    "create job j --image=busybox -- date",
    "create cronjob c --image=busybox --schedule=@hourly -- date",
    "create role r --verb=get,list --resource=pods",
    "create clusterrole r --verb=get --non-resource-url=/metrics",
    "create rolebinding b --role=r --serviceaccount=default:a --user=u --group=g",
    "create clusterrolebinding b --clusterrole=r --user=u",
    "create quota q --hard=cpu=1,memory=1Gi,pods=2",
    "create poddisruptionbudget p --selector=a=b --min-available=50%",
    "create poddisruptionbudget p --selector=a=b --max-unavailable=0",
    "create priorityclass p --value=1000 --description=d --preemption-policy=Never",
    "create ingress i --class=c --rule=example.com/path*=svc:http,tls=t",
    "create service clusterip s --tcp=80:8080",
    "create service nodeport s --tcp=80:8080 --node-port=30000",
    "create service externalname s --external-name=example.com",
)
NEW = [version for version in kubectls() if version >= (1, 32)]


def _as_posted(document: Any) -> Any:
    """Without null, which is nothing, as in Go."""
    if isinstance(document, dict):
        return {name: _as_posted(each) for name, each in document.items() if each is not None}
    return [_as_posted(each) for each in document] if isinstance(document, list) else document


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("version", NEW or [pytest.param(None, marks=pytest.mark.skip("there is no kubectl"))])
def test_what_kubectl_posts_is_what_it_shows_as_json(version: tuple[int, int], command: str, tmp_path: Path) -> None:
    discovery, words, dash, rest = Discovery(lambda: KINDS), *command.partition(" -- ")

    def answer(request: Request) -> Answer:
        if request.method == "POST":
            return Answer(jsondocs.encode(decode(request.body)), 201)
        found = discovery.find(request.path, request.headers.get("Accept", ""))
        return Answer(found.body, headers={"Content-Type": found.content_type}) if found else Answer(status=404)

    def run(server: str, *flags: str) -> str:
        line = [*words.split(), *flags, *([dash.strip(), *rest.split()] if dash else [])]
        done = kubectl(*line, version=version, server=server, home=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    with serving(answer) as server:
        shown = json.loads(run(server.url, "--dry-run=client", "-o", "json"))
        run(server.url)
    (posted,) = [each for each in server.requests if each.method == "POST"]
    assert posted.headers["Content-Type"] == "application/vnd.kubernetes.protobuf"
    read = decode(posted.body)
    read["metadata"].pop("namespace", None)  # it is set on the way
    shown["metadata"].pop("namespace", None)
    assert read == _as_posted(shown)


@pytest.mark.parametrize(
    ("command", "posted"),
    [
        (
            "auth can-i get pods --subresource=log -n ns",
            {
                "kind": "SelfSubjectAccessReview",
                "spec": {
                    "resourceAttributes": {
                        "namespace": "ns", "verb": "get", "resource": "pods", "subresource": "log",
                    },
                },
                "status": {"allowed": False},
            },
        ),
        ("auth whoami", {"kind": "SelfSubjectReview", "status": {"userInfo": {}}}),
        (
            "create token a --duration=1h --bound-object-kind=Pod --bound-object-name=p",
            {
                "kind": "TokenRequest",
                "spec": {"expirationSeconds": 3600, "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "p"}},
                "status": {"token": ""},
            },
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", NEW or [pytest.param(None, marks=pytest.mark.skip("there is no kubectl"))])
def test_what_kubectl_asks_is_understood(
    version: tuple[int, int], command: str, posted: dict[str, Any], tmp_path: Path
) -> None:
    discovery = Discovery(lambda: KINDS)

    def answer(request: Request) -> Answer:
        if request.method == "POST":
            return Answer(jsondocs.encode(decode(request.body)), 201)
        found = discovery.find(request.path, request.headers.get("Accept", ""))
        return Answer(found.body, headers={"Content-Type": found.content_type}) if found else Answer(status=404)

    with serving(answer) as server:
        kubectl(*command.split(), version=version, server=server.url, home=tmp_path)
    (request,) = [each for each in server.requests if each.method == "POST"]
    read = decode(request.body)
    del read["apiVersion"], read["metadata"]
    assert _as_posted(read) == posted


def test_there_is_a_limit_of_messages() -> None:
    with pytest.raises(StatusError, match="more than 150000"):
        decode(wrapped("v1", "Pod", chunk(2, chunk(2, b"") * 200_000)))


@pytest.mark.parametrize(
    "many",
    [
        chunk(1, chunk(14, b"") * 400_000),  # elements: finalizers
        chunk(2, b"") * 400_000,  # entries of a map
        chunk(15, b"") * 400_000,  # fields that nobody knows
    ],
)
def test_there_is_a_limit_of_values(many: bytes) -> None:
    with pytest.raises(StatusError, match="more than 300000 values"):
        decode(wrapped("v1", "ConfigMap", many))


def test_a_known_field_is_of_its_type_in_a_map_too() -> None:
    with pytest.raises(StatusError, match="wrong wireType = 0 for field 1 of map entry"):
        decode(wrapped("v1", "ConfigMap", chunk(2, bytes((1 << 3, 0)))))
