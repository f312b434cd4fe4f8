"""The forms in which objects are given: JSON, YAML, tables, metadata alone; and what cannot be given."""

import json

import pytest
import yaml

from tests.conformance.kube import manifests
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.web import JSON, METADATA, METADATA_LIST, PROTOBUF, TABLE, YAML, Web
from wherry.kube.machinery.protobuf import decode

ONLY = "only the following media types are accepted: application/json"
NONE = "406: Not Acceptable\n\nAvailable representations"
OLD_TABLE = "application/json;as=Table;v=v1beta1;g=meta.k8s.io"


@pytest.fixture
def path(web: Web, namespace: str) -> str:
    """The configmaps of a namespace that has ``a``."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    web.post(path, manifests.configmap("a", x="1", t="a: b\n")).ok()
    return path


def test_yaml_says_the_same_as_json(web: Web, path: str) -> None:
    def is_the_same(url: str) -> bool:
        answer = web.get(url, YAML)
        assert answer.code == 200 and answer.headers["Content-Type"] == YAML
        return bool(yaml.safe_load(answer.raw) == web.get(url).ok())

    for url in (f"{path}/a", path):  # a list's version is the store's, where others write
        wait_until(lambda url=url: is_the_same(url), url)


def test_yaml_and_protobuf_bodies_are_read(web: Web, path: str) -> None:
    made = web.post(path, b"metadata: {name: b}\ndata:\n  x: '1'\n", YAML).ok()
    assert made["data"] == {"x": "1"}
    # A ConfigMap named "c": runtime.Unknown{typeMeta{v1, ConfigMap}, raw{metadata{name}}}.
    unknown = b"k8s\x00\n\x0f\n\x02v1\x12\tConfigMap\x12\x05\n\x03\n\x01c"
    assert web.post(path, unknown, "application/vnd.kubernetes.protobuf").ok()["metadata"]["name"] == "c"


def test_tables_of_lists_and_of_one(web: Web, path: str) -> None:
    for url, accept, version in ((path, TABLE, "v1"), (f"{path}/a", TABLE, "v1"), (path, OLD_TABLE, "v1beta1")):
        table = web.get(url, accept).ok()
        assert (table["kind"], table["apiVersion"]) == ("Table", f"meta.k8s.io/{version}")
        assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "Data", "Age"]
        assert all(
            set(each) == {"name", "type", "format", "description", "priority"} for each in table["columnDefinitions"]
        )
        row = table["rows"][0]
        assert row["cells"][:2] == ["a", 2]
        assert (row["object"]["kind"], row["object"]["apiVersion"]) == (
            "PartialObjectMetadata",
            f"meta.k8s.io/{version}",
        )
    one = web.get(f"{path}/a", TABLE).ok()
    assert one["metadata"]["resourceVersion"] == web.get(f"{path}/a").ok()["metadata"]["resourceVersion"]


def test_tables_with_whole_objects_or_none(web: Web, path: str) -> None:
    whole = web.get(f"{path}/a?includeObject=Object", TABLE).ok()["rows"][0]["object"]
    assert whole == web.get(f"{path}/a").ok()
    assert web.get(f"{path}/a?includeObject=None", TABLE).ok()["rows"][0].get("object") is None


def test_what_is_written_may_be_shown_as_a_table(web: Web, path: str) -> None:
    sent = web.send("POST", path, manifests.configmap("b"), headers={"Accept": TABLE})
    assert sent.code == 201 and sent.json["rows"][0]["cells"][:2] == ["b", 0]
    # A Status is no table, whatever is asked for.
    assert web.send("DELETE", f"{path}/b", headers={"Accept": TABLE}).ok()["kind"] == "Status"


def test_metadata_alone(web: Web, path: str) -> None:
    whole = web.get(f"{path}/a").ok()
    assert web.get(f"{path}/a", METADATA).ok() == {
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": whole["metadata"],
    }  # fmt: skip
    listed = web.get(path, METADATA_LIST).ok()
    assert (listed["kind"], listed["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert listed["items"][0]["metadata"] == whole["metadata"] and "data" not in listed["items"][0]


@pytest.mark.parametrize(
    ("url", "accept", "said"),
    (
        ("", METADATA, "you requested PartialObjectMetadata, but the requested object is a list"),
        ("/a", METADATA_LIST, "you requested PartialObjectMetadataList, but the requested object is not a list"),
        ("", "application/json;as=Table;v=v3;g=meta.k8s.io", ONLY),
        ("", "application/json;as=Foo;v=v1;g=meta.k8s.io", ONLY),
        ("", PROTOBUF + ";as=Table;v=v1;g=meta.k8s.io", f"{ONLY}, application/yaml, {PROTOBUF}"),
        ("", "text/html", f"{NONE}: {JSON}, {YAML}, {PROTOBUF}, {JSON};stream=watch, {PROTOBUF};stream=watch"),
        ("/a", "text/html, garbage", f"{NONE}: {JSON}, {YAML}, {PROTOBUF}"),
    ),
)  # fmt: skip
def test_forms_that_cannot_be_given(web: Web, path: str, url: str, accept: str, said: str) -> None:
    assert web.get(path + url, accept).refused(406, "NotAcceptable")["message"].startswith(said)


def test_the_first_form_that_can_be_given_is(web: Web, path: str) -> None:
    binary = TABLE.replace("json", "vnd.kubernetes.protobuf")
    accept = f"{binary}, application/json;as=Table;v=v9, {TABLE}, {JSON}"
    assert web.get(path, accept).ok()["kind"] == "Table"
    assert web.get(path, f"{PROTOBUF}, */*").ok()["kind"] == "ConfigMapList"
    assert web.get(path, f"{JSON};q=0.1,{PROTOBUF}").ok()["kind"] == "ConfigMapList"


def test_who_takes_protobuf_alone_gets_it(web: Web, path: str) -> None:
    def ask(method: str, where: str, body: object = None, accept: str = PROTOBUF) -> tuple[int, dict]:
        answer = web.send(method, where, body, headers={"Accept": accept})
        assert answer.headers["Content-Type"] == PROTOBUF
        return answer.code, decode(answer.raw)

    assert ask("GET", f"{path}/a") == (200, web.get(f"{path}/a").ok())
    listed = web.get(path).ok()
    for each in listed["items"]:
        del each["kind"], each["apiVersion"]  # they have none in a list of messages
    assert ask("GET", path)[1]["items"] == listed["items"]
    code, made = ask("POST", path, manifests.configmap("b", x="1"))
    assert (code, made["data"]) == (201, {"x": "1"})
    assert ask("DELETE", f"{path}/b")[1]["status"] == "Success"
    assert ask("GET", f"{path}/b") == (404, web.get(f"{path}/b").refused(404, "NotFound"))
    alone = METADATA.replace(JSON, PROTOBUF)
    assert ask("GET", f"{path}/a", accept=alone)[1] == web.get(f"{path}/a", METADATA).ok()
    many = METADATA_LIST.replace(JSON, PROTOBUF)
    assert ask("GET", path, accept=many)[1]["kind"] == "PartialObjectMetadataList"


def test_refusals_are_in_yaml_for_who_wants_that(web: Web, path: str) -> None:
    answer = web.get(f"{path}/nope", YAML)
    assert (answer.code, answer.headers["Content-Type"]) == (404, YAML)
    assert yaml.safe_load(answer.raw) == web.get(f"{path}/nope").refused(404, "NotFound")
    assert web.get("/nope", YAML).text == "404 page not found\n"
    wrong = manifests.configmap("b", **{f"not a key {number}": "" for number in range(200)})
    answer = web.send("POST", path, wrong, headers={"Accept": YAML})
    assert (answer.code, answer.headers["Content-Type"]) == (422, JSON), "a long one"


@pytest.mark.parametrize("alias", ["//api", "//api/v1/pods", "/apis//v1", "/apis//v1/pods", "//apis/apps/v1", "///"])
def test_a_path_has_no_other_forms(web: Web, alias: str) -> None:
    answer = web.get(alias)
    assert (answer.code, answer.text) == (404, "404 page not found\n")


def test_an_object_that_is_named_is_shown_and_not_watched(web: Web, path: str) -> None:
    made = web.send("POST", path, manifests.configmap("named", x="1")).ok()
    assert web.get(f"{path}/named?watch=1").ok() == made


def test_reviews_have_no_tables(web: Web) -> None:
    """The conformance test of upstream for backends that do not implement metadata."""
    review = {"spec": {"nonResourceAttributes": {"path": "/", "verb": "get"}}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    web.send("POST", path, review, headers={"Accept": TABLE}).refused(406, "NotAcceptable")


def test_people_get_lines(web: Web, path: str) -> None:
    for query, agent, lines in (
        ("", "curl/8.1", True), ("", "Mozilla/5.0 (X)", True), ("?pretty=true", "x", True), ("?pretty=1", "x", True),
        ("?pretty=false", "curl/8.1", False), ("", "x", False),
    ):  # fmt: skip
        answer = web.get(f"{path}/a{query}", JSON, **{"User-Agent": agent})
        assert answer.ok() and (b'\n  "metadata": {\n' in answer.raw) is lines
    assert b'\n  "code": 404' in web.get(f"{path}/nope", JSON, **{"User-Agent": "curl/8.1"}).raw


def test_heads_of_resources_cannot_be_had(web: Web, path: str) -> None:
    """apiserver pkg/endpoints/installer.go has routes of GET alone, and go-restful's routes are of one method."""
    for where in (f"{path}/a", path, f"{path}?watch=true", "/api/v1/pods", "/apis/apps/v1/deployments"):
        head = web.send("HEAD", where)
        assert (head.code, head.raw) == (405, b"") and head.headers["Content-Type"] == "application/json"
    assert web.send("HEAD", "/api/v1/nonesuch").code == 404


def test_heads_of_pages_are_gets_without_a_body(web: Web) -> None:
    """Of what is no route of go-restful's."""
    for page in ("/", "/healthz", "/readyz", "/livez/ping", "/metrics", "/apis", "/apis/apps", "/openapi/v3"):
        head = web.send("HEAD", page)
        assert (head.code, head.raw) == (200, b""), page
    assert web.send("HEAD", "/healthz").headers["Content-Length"] == "2"
    for page in ("/version", "/api", "/api/v1", "/apis/apps/v1", "/openid/v1/jwks"):
        assert web.send("HEAD", page).code == 405, page
    assert web.send("HEAD", "/nope").code == 404


def test_the_head_of_a_page_is_a_verb_of_its_own(web: Web) -> None:
    """Nobody may have it who may only get (pkg/endpoints/request/requestinfo.go)."""
    nobody = web.with_token("")
    assert (nobody.get("/healthz").code, nobody.send("HEAD", "/healthz").code) == (200, 403)


def test_pages_that_are_routes_are_only_read(web: Web) -> None:
    for page in ("/api", "/api/v1", "/apis/apps/v1", "/version", "/openid/v1/jwks"):
        assert web.get(page).code == 200
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            web.send(method, page, {}).refused(405, "MethodNotAllowed")


def test_others_do_not_look_at_the_method(web: Web) -> None:
    """Upstream's handlers of them are of no method; the authorizer knows it as a verb."""
    for page in ("/", "/livez", "/readyz", "/healthz/ping", "/apis", "/apis/apps", "/openapi/v3"):
        shown = web.get(page).text
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            answer = web.send(method, page, None if method == "OPTIONS" else {})
            assert (answer.code, answer.text) == (200, shown), (method, page)
    assert web.send("POST", "/metrics").code == 200
    assert web.with_token("").send("POST", "/livez").code == 403


def test_what_may_be_kept_by_everybody(web: Web, path: str) -> None:
    aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    assert web.get("/apis", aggregated).headers["Cache-Control"] == "public"
    for page in ("/apis", "/openapi/v3", "/version", path, f"{path}/nope"):
        assert web.get(page).headers["Cache-Control"] == "no-cache, private"


def test_every_answer_has_a_name_and_none_tells_of_versions(web: Web, path: str) -> None:
    """``Audit-Id``: the client's own, so that it is found again, or a new one."""
    nobody = web.with_token("")
    answers = [web.get(path), web.get("/nope"), web.get("/version"), web.get(f"{path}-not"), nobody.get(path)]
    names = [each.headers["Audit-Id"] for each in answers]
    assert [each.code for each in answers] == [200, 404, 200, 404, 401]
    assert len(set(names)) == len(names) and all(len(each) == 36 for each in names)
    assert not any(each.headers["Server"] for each in answers)
    assert web.send("GET", path, headers={"Audit-ID": "mine"}).headers["Audit-Id"] == "mine"
    assert len(web.send("GET", path, headers={"Audit-ID": "x" * 5000}).headers["Audit-Id"]) == 36
    with web.watch(path.rpartition("/")[0]) as watch:
        assert len(watch.response.headers["Audit-Id"]) == 36


def test_an_answer_tells_of_so_much_as_a_client_can_take(web: Web, namespace: str) -> None:
    """Of thousands of warnings a few, each cut (apiserver pkg/endpoints/filters/warning.go)."""
    ports = [{"containerPort": 80} for _ in range(5000)]
    pod = {"metadata": {"name": "wide"}, "spec": {"containers": [{"name": "a", "image": "x", "ports": ports}]}}
    answer = web.post(f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)
    answer.ok()
    told = [each.removeprefix('299 - "').removesuffix('"') for each in answer.warnings]
    assert told[0] == "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]"
    assert 4000 < sum(map(len, told)) < 4096 + 256


def test_versions_of_one_object(web: Web, namespace: str) -> None:
    """The same autoscaler in v1 and v2: what one cannot say is kept by the other."""
    here = f"namespaces/{namespace}/horizontalpodautoscalers"
    spec = {
        "maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "metrics": [
            {"type": "Resource", "resource": {"name": name, "target": target}}
            for name, target in (
                ("cpu", {"type": "Utilization", "averageUtilization": 60}),
                ("memory", {"type": "AverageValue", "averageValue": "1Gi"}),
            )
        ],
    }  # fmt: skip
    web.post(f"/apis/autoscaling/v2/{here}", {"metadata": {"name": "h"}, "spec": spec}).ok()
    old = web.get(f"/apis/autoscaling/v1/{here}/h").ok()
    assert (old["apiVersion"], old["spec"]["targetCPUUtilizationPercentage"]) == ("autoscaling/v1", 60)
    assert (
        json.loads(old["metadata"]["annotations"]["autoscaling.alpha.kubernetes.io/metrics"])[0]["type"] == "Resource"
    )
    old["spec"]["maxReplicas"] = 5
    del old["metadata"]["resourceVersion"]  # its controller may have been there
    web.put(f"/apis/autoscaling/v1/{here}/h", old).ok()
    new = web.get(f"/apis/autoscaling/v2/{here}/h").ok()
    assert new["spec"]["maxReplicas"] == 5 and len(new["spec"]["metrics"]) == 2
    assert "annotations" not in new["metadata"]


def test_events_have_two_groups(web: Web, namespace: str) -> None:
    now = "2026-01-01T00:00:00.000000Z"
    regarding = {"kind": "Pod", "namespace": namespace, "name": "p"}
    event = {
        "metadata": {"name": "e"}, "eventTime": now, "reportingController": "tests.example/c",
        "reportingInstance": "c-1", "action": "Test", "reason": "Tested", "type": "Normal",
        "regarding": regarding, "note": "as told",
    }  # fmt: skip
    web.post(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", event).ok()
    other = web.get(f"/api/v1/namespaces/{namespace}/events/e").ok()
    assert (other["message"], other["involvedObject"]["name"], other["apiVersion"]) == ("as told", "p", "v1")
    assert other["reportingComponent"] == "tests.example/c"
