"""What resource versions mean to a GET and to a list, and lists in pages."""

import base64
import gzip
import json

import pytest

from tests.conformance.kube.web import JSON, METADATA_LIST, TABLE, Web


@pytest.fixture
def path(web: Web, namespace: str) -> str:
    """The configmaps of a namespace that has ``a`` to ``e``."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for name in "abcde":
        web.post(path, {"metadata": {"name": name, "labels": {"letter": name}}}).ok()
    return path


MINE = "labelSelector=letter"


def names(document: dict) -> list[str]:
    return [each["metadata"]["name"] for each in document["items"]]


def version(document: dict) -> int:
    return int(document["metadata"]["resourceVersion"])


def test_a_list_says_what_it_is(web: Web, path: str) -> None:
    found = web.get(f"{path}?{MINE}").ok()
    assert (found["kind"], found["apiVersion"]) == ("ConfigMapList", "v1")
    assert all({"kind", "apiVersion"} <= set(each) for each in found["items"])
    assert names(found) == list("abcde")
    assert version(found) >= max(version(each) for each in found["items"])


def test_a_list_is_of_the_newest_state_or_of_any_or_of_no_older_one(web: Web, path: str) -> None:
    made = web.post(path, {"metadata": {"name": "f", "labels": {"letter": "f"}}}).ok()
    for query in ("", "&resourceVersion=", "&resourceVersion=0", f"&resourceVersion={version(made)}",
                  f"&resourceVersion={version(made)}&resourceVersionMatch=NotOlderThan"):  # fmt: skip
        found = web.get(f"{path}?{MINE}{query}").ok()
        assert names(found) == list("abcdef") and version(found) >= version(made)


def test_a_list_of_just_one_version_is_of_the_past(web: Web, path: str) -> None:
    before = web.get(f"{path}?{MINE}").ok()
    web.delete(f"{path}/b").ok()
    web.patch(f"{path}/c", {"data": {"x": "y"}}).ok()
    past = web.get(f"{path}?{MINE}&resourceVersion={version(before)}&resourceVersionMatch=Exact").ok()
    assert past["items"] == before["items"] and version(past) == version(before)
    assert names(web.get(f"{path}?{MINE}").ok()) == list("acde")


@pytest.mark.parametrize(
    ("query", "code", "reason", "said"),
    (
        (
            "resourceVersionMatch=Exact", 422, "Invalid",
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        (
            "resourceVersion=0&resourceVersionMatch=Exact", 422, "Invalid",
            'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
        ("resourceVersion=1&resourceVersionMatch=Foo", 422, "Invalid", 'Unsupported value: "Foo"'),
        ("resourceVersion=foo", 422, "Invalid", 'strconv.ParseUint: parsing "foo": invalid syntax'),
        ("sendInitialEvents=true", 422, "Invalid", "sendInitialEvents is forbidden for list"),
        ("limit=foo", 400, "BadRequest", 'strconv.ParseInt: parsing "foo": invalid syntax'),
        ("continue=foo", 400, "BadRequest", "continue key is not valid"),
        (
            "timeout=soon", 400, "BadRequest",
            'invalid timeout specified in the request URL - time: invalid duration "soon"',
        ),
        (
            "continue=foo&resourceVersion=5", 400, "BadRequest",
            "specifying resource version is not allowed when using continue",
        ),
        ("labelSelector=%3D%3D", 400, "BadRequest", "found '==', expected: !, identifier, or 'end of string'"),
        ("labelSelector=a+in+b", 400, "BadRequest", "unable to parse requirement: found 'b' expected: '('"),
        ("fieldSelector=foo", 400, "BadRequest", "invalid selector: 'foo'; can't understand 'foo'"),
        (
            "fieldSelector=foo%3Dbar", 400, "BadRequest",
            '"foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
    ),
)  # fmt: skip
def test_options_that_make_no_sense(web: Web, path: str, query: str, code: int, reason: str, said: str) -> None:
    assert said in web.get(f"{path}?{query}").refused(code, reason)["message"]


def test_a_version_that_has_not_been_yet(web: Web, path: str) -> None:
    future = version(web.get(path).ok()) + 100_000
    for url in (f"{path}?resourceVersion={future}", f"{path}/a?resourceVersion={future}"):
        refused = web.get(url).refused(504, "Timeout")
        assert refused["message"].startswith(f"Timeout: Too large resource version: {future}, current: ")
        assert refused["details"]["causes"] == [
            {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        ]
        assert refused["details"]["retryAfterSeconds"] == 1


def test_a_list_in_pages_is_one_state_all_through(web: Web, path: str) -> None:
    first = web.get(f"{path}?{MINE}&limit=2").ok()
    assert names(first) == ["a", "b"]
    assert "remainingItemCount" not in first["metadata"]  # not with a selector
    web.delete(f"{path}/c").ok()
    web.post(path, {"metadata": {"name": "ca", "labels": {"letter": "new"}}}).ok()
    second = web.get(f"{path}?{MINE}&limit=2&continue={first['metadata']['continue']}").ok()
    assert names(second) == ["c", "d"] and version(second) == version(first)
    last = web.get(f"{path}?{MINE}&limit=2&continue={second['metadata']['continue']}").ok()
    assert names(last) == ["e"] and version(last) == version(first)
    assert "continue" not in last["metadata"]


def test_pages_say_how_many_are_left(web: Web, path: str) -> None:
    first = web.get(f"{path}?limit=4").ok()
    assert first["metadata"]["remainingItemCount"] == 2
    assert names(web.get(f"{path}?limit=4&continue={first['metadata']['continue']}").ok()) == ["e", "kube-root-ca.crt"]


def test_pages_of_other_forms(web: Web, path: str) -> None:
    table = web.get(f"{path}?{MINE}&limit=2", TABLE).ok()
    assert [row["cells"][0] for row in table["rows"]] == ["a", "b"]
    rest = web.get(f"{path}?{MINE}&continue={table['metadata']['continue']}", METADATA_LIST).ok()
    assert names(rest) == ["c", "d", "e"]


def test_the_limit_may_be_zero_or_less(web: Web, path: str) -> None:
    for limit in (0, -1):
        assert names(web.get(f"{path}?{MINE}&limit={limit}").ok()) == list("abcde")


def test_a_forged_token_reads_nothing_else(web: Web, path: str, namespace: str) -> None:
    """Of another namespace, or of another kind's keys."""
    for start in ("kube-system/", "../secrets/", "\u0000"):
        token = json.dumps({"v": "meta.k8s.io/v1", "rv": -1, "start": start})
        encoded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
        found = web.get(f"{path}?continue={encoded}")
        if found.code == 200:
            assert all(each["metadata"]["namespace"] == namespace for each in found.json["items"])
        else:
            found.refused(400, "BadRequest")


def test_selectors(web: Web, path: str) -> None:
    for query, found in (
        ("labelSelector=letter%3Da", "a"), ("labelSelector=letter%21%3Da,letter", "bcde"),
        ("labelSelector=letter+in+(a,b)", "ab"), ("labelSelector=letter+notin+(a,b),letter", "cde"),
        ("labelSelector=letter,!other", "abcde"), ("fieldSelector=metadata.name%3Da", "a"),
        (f"fieldSelector=metadata.name%21%3Da&{MINE}", "bcde"), ("labelSelector=other", ""),
    ):  # fmt: skip
        assert "".join(names(web.get(f"{path}?{query}").ok())) == found


def test_an_empty_list_has_items(web: Web, namespace: str) -> None:
    assert web.get(f"/api/v1/namespaces/{namespace}/pods").ok()["items"] == []
    assert web.get(f"/api/v1/namespaces/{namespace}/pods?limit=5").ok()["items"] == []
    assert web.get(f"/api/v1/namespaces/{namespace}/pods", TABLE).ok()["rows"] == []


def test_a_get_is_of_the_newest_state_or_of_any_or_of_no_older_one(web: Web, path: str) -> None:
    made = web.patch(f"{path}/a", {"data": {"x": "1"}}).ok()
    for query in ("", "?resourceVersion=0", f"?resourceVersion={version(made)}"):
        assert version(web.get(f"{path}/a{query}").ok()) == version(made)


def test_what_compresses_is_compressed_when_it_is_much(web: Web, path: str) -> None:
    web.post(path, {"metadata": {"name": "big"}, "data": {"x": "y" * 300_000}}).ok()
    answer = web.get(f"{path}/big", JSON, **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip" and len(answer.raw) < 30_000
    assert len(json.loads(gzip.decompress(answer.raw))["data"]["x"]) == 300_000
    assert "Content-Encoding" not in web.get(f"{path}/big").headers
    assert "Content-Encoding" not in web.get(f"{path}/a", JSON, **{"Accept-Encoding": "gzip"}).headers
