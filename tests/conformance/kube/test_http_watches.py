"""Watches: every change once and in order, bookmarks, the state first, other forms, and how they end."""

import time
from contextlib import ExitStack

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.web import JSON, METADATA, PROTOBUF, TABLE, YAML, Web
from wherry.kube.machinery.protobuf import MAGIC, decode


@pytest.fixture
def path(web: Web, namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


MINE = "labelSelector=mine"


def make(web: Web, path: str, name: str, **data: str) -> str:
    """A resource of one's own; its version."""
    document = {**manifests.configmap(name, **data), "metadata": {"name": name, "labels": {"mine": ""}}}
    made = web.post(path, document).ok()
    return str(made["metadata"]["resourceVersion"])


def told(events: list) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]


def test_changes_behind_a_version_come_once_and_in_order(web: Web, path: str) -> None:
    version = make(web, path, "a")
    with web.watch(f"{path}?{MINE}&resourceVersion={version}") as watch:
        web.patch(f"{path}/a", {"data": {"x": "1"}}).ok()
        make(web, path, "b")
        last = web.delete(f"{path}/a")
        last.ok()
        events = watch.take(3)
    assert told(events) == [("MODIFIED", "a"), ("ADDED", "b"), ("DELETED", "a")]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(versions) and versions[0] > int(version)
    # What a deleted object was last, under the version of its deletion.
    assert events[2]["object"]["data"] == {"x": "1"}
    with web.watch(f"{path}?{MINE}&resourceVersion={versions[0]}&timeoutSeconds=1") as again:
        assert again.rest() == events[1:]


def test_what_begins_and_ceases_to_match_is_added_and_deleted(web: Web, path: str) -> None:
    version = make(web, path, "a")
    with web.watch(f"{path}?{MINE}&resourceVersion={version}") as watch:
        web.patch(f"{path}/a", {"metadata": {"labels": {"mine": None}}}).ok()
        web.patch(f"{path}/a", {"data": {"unseen": "1"}}).ok()
        web.patch(f"{path}/a", {"metadata": {"labels": {"mine": "again"}}}).ok()
        events = watch.take(2)
    assert told(events) == [("DELETED", "a"), ("ADDED", "a")]
    assert events[0]["object"]["metadata"]["labels"] == {"mine": ""}


def test_without_a_version_the_state_comes_first(web: Web, path: str) -> None:
    for name in ("a", "b"):
        make(web, path, name)
    for query in ("", "&resourceVersion=0"):
        with web.watch(f"{path}?{MINE}{query}") as watch:
            assert told(watch.take(2)) == [("ADDED", "a"), ("ADDED", "b")]


def test_of_one_object_by_field_or_path(web: Web, path: str, namespace: str) -> None:
    for name in ("a", "b"):
        make(web, path, name)
    old = f"/api/v1/watch/namespaces/{namespace}/configmaps/a?timeoutSeconds=1"
    for url in (f"{path}?fieldSelector=metadata.name%3Da&timeoutSeconds=1", old):
        with web.watch(url) as watch:
            assert told(watch.rest()) == [("ADDED", "a")]
    assert web.get(f"{path}/a?watch=true&timeoutSeconds=1").ok() == web.get(f"{path}/a").ok(), "a name is not watched"


def test_a_watch_ends_when_its_time_is_over(web: Web, path: str) -> None:
    began = time.monotonic()
    with web.watch(f"{path}?{MINE}&timeoutSeconds=1") as watch:
        assert watch.rest() == []
    assert time.monotonic() - began > 0.9


def test_bookmarks_end_the_state_of_a_watch_list(web: Web, path: str) -> None:
    version = make(web, path, "a")
    query = f"{MINE}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    for more in ("", "&resourceVersion=0", f"&resourceVersion={version}"):
        with web.watch(f"{path}?{query}{more}") as watch:
            events = watch.until("BOOKMARK")
            assert told(events) == [("ADDED", "a"), ("BOOKMARK", "")]
            mark = events[-1]["object"]
            assert (mark["kind"], mark["apiVersion"]) == ("ConfigMap", "v1")
            assert mark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
            assert int(mark["metadata"]["resourceVersion"]) >= int(version)
            name = f"late{len(more)}"
            make(web, path, name)
            assert told(watch.take(1)) == [("ADDED", name)]
            web.delete(f"{path}/{name}").ok()


def test_who_wants_no_bookmarks_gets_none(web: Web, path: str) -> None:
    make(web, path, "a")
    query = f"{MINE}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1"
    with web.watch(f"{path}?{query}") as watch:
        assert told(watch.rest()) == [("ADDED", "a")]
    with web.watch(f"{path}?{query.replace('=true', '=false', 1)}") as watch:
        assert watch.rest() == []


@pytest.mark.parametrize(
    ("query", "said"),
    (
        ("sendInitialEvents=true", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
        (
            "resourceVersion=1&resourceVersionMatch=Exact",
            'resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"',
        ),
        (
            "resourceVersionMatch=NotOlderThan",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
        ("resourceVersion=x", 'strconv.ParseUint: parsing "x": invalid syntax'),
    ),
)  # fmt: skip
def test_options_that_make_no_sense(web: Web, path: str, query: str, said: str) -> None:
    assert said in web.get(f"{path}?watch=true&{query}").refused(422, "Invalid")["message"]


def test_a_version_that_has_not_been_yet(web: Web, path: str) -> None:
    with web.watch(f"{path}?resourceVersion=99999999") as watch:
        [event] = watch.rest()
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (504, "Timeout")


def test_tables(web: Web, path: str) -> None:
    """As ``kubectl get -w`` asks for: the columns are told with the first row only."""
    make(web, path, "a")
    with web.watch(f"{path}?{MINE}", TABLE) as watch:
        [first] = watch.take(1)
        assert [each["name"] for each in first["object"]["columnDefinitions"]] == ["Name", "Data", "Age"]
        [row] = first["object"]["rows"]
        assert row["cells"][:2] == ["a", 0] and row["object"]["kind"] == "PartialObjectMetadata"
        web.patch(f"{path}/a", {"data": {"x": "1"}}).ok()
        [second] = watch.take(1)
        assert (second["type"], second["object"]["columnDefinitions"]) == ("MODIFIED", None)
        assert second["object"]["rows"][0]["cells"][:2] == ["a", 1]


def test_metadata_alone(web: Web, path: str) -> None:
    make(web, path, "a", secret="x")
    with web.watch(f"{path}?{MINE}", METADATA) as watch:
        [event] = watch.take(1)
    assert set(event["object"]) == {"kind", "apiVersion", "metadata"}
    assert (event["object"]["kind"], event["object"]["apiVersion"]) == ("PartialObjectMetadata", "meta.k8s.io/v1")


def test_yaml_cannot_be_watched(web: Web, path: str) -> None:
    answer = web.get(f"{path}?watch=true", YAML)
    assert (answer.code, answer.headers["Content-Type"]) == (406, YAML)
    assert f"accepted: {JSON};stream=watch, {PROTOBUF};stream=watch" in " ".join(answer.text.split())


def test_who_takes_protobuf_alone_is_told_in_frames(web: Web, path: str) -> None:
    make(web, path, "a", x="1")
    state = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1"
    for accept in (PROTOBUF, METADATA.replace(JSON, PROTOBUF)):
        answer = web.get(f"{path}?watch=true&{MINE}&{state}", accept)
        assert answer.headers["Content-Type"] == f"{PROTOBUF};stream=watch"
        events, left = [], answer.raw
        while left:
            length = int.from_bytes(left[:4], "big")
            frame, left = left[4 : 4 + length], left[4 + length :]
            assert len(frame) == length and frame[0] == 0x0A
            events.append((frame[2 : 2 + frame[1]], decode(frame[frame.index(MAGIC) :])))
        (kind, added), (end, bookmark), *_ = events
        assert (kind, added) == (b"ADDED", web.get(f"{path}/a", accept.replace(PROTOBUF, JSON)).ok())
        assert (end, bookmark["metadata"]["annotations"]) == (b"BOOKMARK", {"k8s.io/initial-events-end": "true"})


def test_what_cannot_be_watched(web: Web) -> None:
    web.get("/api/v1/componentstatuses?watch=true").refused(405, "MethodNotAllowed")


def test_many_watches_are_told_the_same(web: Web, path: str) -> None:
    version = make(web, path, "a")
    with ExitStack() as stack:
        watches = [stack.enter_context(web.watch(f"{path}?{MINE}&resourceVersion={version}")) for _ in range(20)]
        for number in range(10):
            web.patch(f"{path}/a", {"data": {"n": str(number)}}).ok()
        seen = [[event["object"]["data"]["n"] for event in watch.take(10)] for watch in watches]
    assert seen == [[str(number) for number in range(10)]] * 20


def test_watches_of_custom_resources_end_with_their_kind(web: Web, namespace: str) -> None:
    plural = f"g{namespace.replace('-', '')}s"
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    web.post(definitions, manifests.definition(plural, "Goner")).ok()
    path = f"/apis/tests.example/v1/namespaces/{namespace}/{plural}"
    wait_until(lambda: web.get(path).code == 200, "the kind is served")
    refused = web.get(f"{path}?watch=true", PROTOBUF)
    assert refused.code == 406 and b"application/json, application/yaml" in refused.raw, "there are no messages of it"
    web.post(path, {"metadata": {"name": "g"}, "spec": {}}).ok()
    with web.watch(f"{path}?resourceVersion=0") as watch:
        assert told(watch.take(1)) == [("ADDED", "g")]
        web.delete(f"{definitions}/{plural}.tests.example").ok()
        assert told(watch.rest())[0] == ("DELETED", "g")
    wait_until(lambda: web.get(path).code == 404, "the kind is gone")


def test_the_content_type_is_json(web: Web, path: str) -> None:
    answer = web.get(f"{path}?watch=true&timeoutSeconds=1", f"{JSON};stream=watch")
    assert answer.headers["Content-Type"].startswith(JSON)
