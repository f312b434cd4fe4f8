"""Writing over plain HTTP: names, versions, validation of fields, dry runs, options, patches, server-side apply."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.process import wait_until
from tests.conformance.kube.web import APPLY, JSON_PATCH, MERGE, STRATEGIC, YAML, Web


@pytest.fixture
def path(web: Web, namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps"


def test_what_is_made_has_what_the_server_knows(web: Web, path: str, namespace: str) -> None:
    answer = web.post(path, manifests.configmap("a", x="1"))
    assert answer.code == 201
    meta = answer.json["metadata"]
    assert (meta["name"], meta["namespace"]) == ("a", namespace)
    assert set(meta) == {"name", "namespace", "uid", "resourceVersion", "creationTimestamp", "managedFields"}
    assert "generation" not in meta  # configmaps have none


def test_there_can_be_one_of_a_name(web: Web, path: str) -> None:
    web.post(path, manifests.configmap("a")).ok()
    refused = web.post(path, manifests.configmap("a")).refused(409, "AlreadyExists")
    assert refused["message"] == 'configmaps "a" already exists'
    assert refused["details"] == {"name": "a", "kind": "configmaps"}


def test_generated_names(web: Web, path: str) -> None:
    made = {web.post(path, {"metadata": {"generateName": "x-"}}).ok()["metadata"]["name"] for _ in range(30)}
    assert len(made) == 30 and all(name.startswith("x-") and len(name) == 7 for name in made)
    long = web.post(path, {"metadata": {"generateName": "y" * 300}}).refused(422, "Invalid")
    assert long["details"]["causes"][0]["field"] == "metadata.generateName"


def test_what_does_not_fit_its_place(web: Web, path: str) -> None:
    for body, said in (
        (
            {"metadata": {"name": "a", "namespace": "other"}},
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "a"}},
            'Service in version "v1" cannot be handled as a ConfigMap: ',
        ),
        (
            {"kind": "ConfigMap", "apiVersion": "v2", "metadata": {"name": "a"}},
            "the API version in the data (v2) does not match the expected API version (v1)",
        ),
        (
            {"metadata": {"name": "a", "resourceVersion": "5"}},
            "resourceVersion should not be set on objects to be created",
        ),
    ):  # fmt: skip
        assert web.post(path, body).refused(400, "BadRequest")["message"].startswith(said)
    web.post(path, manifests.configmap("a")).ok()
    refused = web.put(f"{path}/a", manifests.configmap("b")).refused(400, "BadRequest")
    assert refused["message"] == "the name of the object (b) does not match the name on the URL (a)"


def test_names_are_needed_and_checked(web: Web, path: str) -> None:
    refused = web.post(path, {"metadata": {}}).refused(422, "Invalid")
    assert (
        refused["message"] == 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'
    )
    refused = web.post(path, manifests.configmap("A_b")).refused(422, "Invalid")
    assert refused["details"]["name"] == "A_b" and refused["details"]["kind"] == "ConfigMap"
    [cause] = refused["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldValueInvalid", "metadata.name")
    assert cause["message"].startswith('Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of ')


def test_updates_mean_a_version_or_any(web: Web, path: str) -> None:
    made = web.post(path, manifests.configmap("a", x="1")).ok()
    changed = web.put(f"{path}/a", {**made, "data": {"x": "2"}}).ok()
    assert changed["metadata"]["uid"] == made["metadata"]["uid"]
    assert int(changed["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])
    refused = web.put(f"{path}/a", {**made, "data": {"x": "3"}}).refused(409, "Conflict")
    assert refused["message"] == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to '
        "the latest version and try again"
    )
    assert web.put(f"{path}/a", manifests.configmap("a", x="4")).ok()["data"] == {"x": "4"}
    refused = web.put(f"{path}/a", {**manifests.configmap("a"), "metadata": {"name": "a", "uid": "other"}}).refused(
        409, "Conflict"
    )
    assert "Precondition failed: UID in precondition: other, UID in object meta: " in refused["message"]
    assert web.put(f"{path}/nope", manifests.configmap("nope")).refused(404, "NotFound")["details"]["name"] == "nope"


def test_some_kinds_must_name_the_version_they_update(web: Web, namespace: str) -> None:
    path = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    body = {"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}}
    web.post(path, body).ok()
    refused = web.put(f"{path}/b", body).refused(422, "Invalid")
    assert "metadata.resourceVersion: Invalid value: " in refused["message"]
    assert refused["message"].endswith(": must be specified for an update")


def test_an_update_that_changes_nothing_is_none(web: Web, path: str) -> None:
    made = web.post(path, manifests.configmap("a", x="1")).ok()
    assert web.put(f"{path}/a", made).ok() == made
    assert web.patch(f"{path}/a", {"data": {"x": "1"}}).ok() == made


def test_what_nobody_may_change(web: Web, path: str) -> None:
    made = web.post(path, manifests.configmap("a")).ok()
    meta = {"creationTimestamp": "2001-01-01T00:00:00Z", "generation": 7, "selfLink": "/x"}
    assert (
        web.patch(f"{path}/a", {"metadata": meta}).ok()["metadata"]["creationTimestamp"]
        == made["metadata"]["creationTimestamp"]
    )
    web.patch(f"{path}/a", {"metadata": {"uid": "other"}}).refused(409, "Conflict")
    web.patch(f"{path}/a", {"metadata": {"deletionTimestamp": "2001-01-01T00:00:00Z"}}).ok()
    assert "deletionTimestamp" not in web.get(f"{path}/a").ok()["metadata"]
    refused = web.patch(f"{path}/a", {"metadata": {"name": "b"}}).refused(400, "BadRequest")
    assert "the name of the object (b) does not match" in refused["message"]


def test_generations_count_what_is_wanted(web: Web, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    made = web.post(path, manifests.deployment("d", paused=True)).ok()
    assert made["metadata"]["generation"] == 1
    assert web.patch(f"{path}/d", {"metadata": {"labels": {"x": "y"}}}).ok()["metadata"]["generation"] == 1
    assert web.patch(f"{path}/d", {"spec": {"minReadySeconds": 1}}).ok()["metadata"]["generation"] == 2
    assert web.patch(f"{path}/d/status", {"status": {"collisionCount": 1}}).ok()["metadata"]["generation"] == 2


UNKNOWN = b'{"metadata":{"name":"a","name":"b","foo":1},"bar":1,"data":{"x":"1","x":"2"}}'
FOUND = (
    'duplicate field "metadata.name"',
    'duplicate field "data.x"',
    'unknown field "metadata.foo"',
    'unknown field "bar"',
)


def test_unknown_and_duplicate_fields(web: Web, path: str) -> None:
    refused = web.post(f"{path}?fieldValidation=Strict", UNKNOWN).refused(400, "BadRequest")
    assert refused["message"] == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ' + ", ".join(FOUND)
    )
    for query in ("", "?fieldValidation=Warn"):
        warned = web.post(f"{path}{query}", UNKNOWN)
        assert warned.ok()["data"] == {"x": "2"}
        assert warned.warnings == [
            f'299 - "{each}"'.replace('field "', 'field \\"').replace('""', '\\""') for each in FOUND
        ]
        web.delete(f"{path}/b").ok()
    assert web.post(f"{path}?fieldValidation=Ignore", UNKNOWN).warnings == []


def test_unknown_and_duplicate_fields_in_yaml_and_patches(web: Web, path: str) -> None:
    text = b"metadata: {name: a}\nfoo: 1\ndata: {x: '1', x: '2'}\n"
    refused = web.post(f"{path}?fieldValidation=Strict", text, YAML).refused(400, "BadRequest")
    assert "yaml: unmarshal errors:\n" in refused["message"] and 'key "x" already set in map' in refused["message"]
    assert 'unknown field "foo"' in refused["message"]
    web.post(path, manifests.configmap("a")).ok()
    add = [{"op": "add", "path": "/foo", "value": 1, "vlaue": 2}]
    for content_type, body, said in (
        (MERGE, {"foo": 1}, 'unknown field "foo"'),
        (MERGE, b'{"data":{"x":"1","x":"2"}}', 'duplicate field "data.x"'),
        (STRATEGIC, {"foo": 1}, 'patch: Invalid value: "map[foo:1]": strict decoding error: unknown field "foo"'),
        (JSON_PATCH, add, 'strict decoding error: json patch unknown field "[0].vlaue", unknown field "foo"'),
    ):
        refused = web.patch(f"{path}/a?fieldValidation=Strict", body, content_type).refused(422, "Invalid")
        assert said in refused["message"]
    warned = web.patch(f"{path}/a", {"foo": 1})
    assert warned.ok() and warned.warnings == ['299 - "unknown field \\"foo\\""']


@pytest.mark.parametrize("validation", ["Strict", "Warn", "Ignore"])
def test_nobody_applies_what_nobody_can_own(web: Web, path: str, validation: str) -> None:
    """Whatever field validation is wanted: upstream's managedfields/internal/structuredmerge.go says so."""
    body = {**manifests.configmap("a"), "apiVersion": "v1", "kind": "ConfigMap", "foo": 1}
    namespace = body["metadata"]["namespace"] = path.split("/")[4]
    where = f"{path}/a?fieldManager=m&fieldValidation={validation}"
    refused = web.patch(where, body, APPLY).refused(400, "BadRequest")
    what = f"failed to create typed patch object ({namespace}/a; /v1, Kind=ConfigMap): "
    assert refused["message"] == f"{what}.foo: field not declared in schema"
    body["bar"], body["data"] = 1, ["x"]
    refused = web.patch(where, body, APPLY).refused(400, "BadRequest")
    assert refused["message"].startswith(f"{what}errors:\n  .")
    undeclared = [f"{field}: field not declared in schema" for field in (".foo", ".bar")]
    assert all(f"\n  {line}" in refused["message"] for line in (*undeclared, ".data: expected map, got "))


def test_of_custom_resources_neither_but_what_may_be_anything(web: Web, namespace: str) -> None:
    plural, definitions = f"o{namespace.replace('-', '')}s", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    web.post(definitions, manifests.definition(plural, "Owned")).ok()
    where = f"/apis/tests.example/v1/namespaces/{namespace}/{plural}/a"
    wait_until(lambda: web.get(where.rpartition("/")[0]).code == 200, "it is served")
    body = {"apiVersion": "tests.example/v1", "kind": "Owned", "metadata": {"name": "a"}, "spec": {"size": 2}}
    for validation in ("Strict", "Ignore"):
        url, odd = f"{where}?fieldManager=m&fieldValidation={validation}", {**body, "spec": {"foo": 1}}
        refused = web.patch(url, odd, APPLY).refused(400, "BadRequest")
        assert refused["message"].endswith("tests.example/v1, Kind=Owned): .spec.foo: field not declared in schema")
        assert web.patch(url, body, APPLY).ok()["spec"] == {"size": 2}
    free = {**body, "status": {"ready": "yes", "own": {"any": 1}}}
    assert web.patch(f"{where}/status?fieldManager=m", free, APPLY).ok()["status"] == free["status"]
    web.delete(f"{definitions}/{plural}.tests.example").ok()


def test_warnings_come_with_refusals_too(web: Web, path: str) -> None:
    answer = web.post(path, {"metadata": {"name": "A_b"}, "foo": 1})
    answer.refused(422, "Invalid")
    assert answer.warnings == ['299 - "unknown field \\"foo\\""']


def test_warnings_make_no_other_headers(web: Web, path: str) -> None:
    answer = web.post(path, b'{"metadata":{"name":"a"},"x\\r\\nX-Evil: 1":1,"%s":1}' % (b"z" * 5000))
    assert answer.ok() and "X-Evil" not in answer.headers
    assert len(answer.warnings) == 2 and all(len(each) < 1100 for each in answer.warnings)


def test_types_are_checked(web: Web, namespace: str) -> None:
    body = manifests.deployment("d")
    body["spec"]["replicas"] = "three"
    refused = web.post(f"/apis/apps/v1/namespaces/{namespace}/deployments", body).refused(400, "BadRequest")
    assert refused["message"] == (
        'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct '
        "field DeploymentSpec.spec.replicas of type int32"
    )


def test_dry_runs_do_everything_but_the_writing(web: Web, path: str) -> None:
    made = web.post(f"{path}?dryRun=All", manifests.configmap("a", x="1"))
    assert made.code == 201 and made.json["metadata"]["uid"] and "resourceVersion" not in made.json["metadata"]
    assert web.get(f"{path}/a").code == 404
    real = web.post(path, manifests.configmap("a", x="1")).ok()
    web.post(f"{path}?dryRun=All", manifests.configmap("a")).refused(409, "AlreadyExists")
    web.post(f"{path}?dryRun=All", manifests.configmap("A_b")).refused(422, "Invalid")
    for wrong in ("dryRun=", "dryRun", "dryRun=all", "dryRun=&dryRun=All"):
        web.post(f"{path}?{wrong}", manifests.configmap("wrong")).refused(422, "Invalid")
    assert web.put(f"{path}/a?dryRun=All", manifests.configmap("a", x="2")).ok()["data"] == {"x": "2"}
    assert web.patch(f"{path}/a?dryRun=All", {"data": {"x": "3"}}).ok()["data"] == {"x": "3"}
    assert web.delete(f"{path}/a?dryRun=All").ok()["status"] == "Success"
    assert web.delete(f"{path}/a", {"dryRun": ["All"]}).ok()["status"] == "Success"
    assert web.delete(f"{path}?dryRun=All").ok()["kind"] == "ConfigMapList"
    assert web.get(f"{path}/a").ok() == real


@pytest.mark.parametrize(
    ("method", "query", "kind", "said"),
    (
        ("POST", "dryRun=foo", "CreateOptions", 'dryRun: Unsupported value: ["foo"]: supported values: "All"'),
        ("PUT", "dryRun=foo", "UpdateOptions", 'dryRun: Unsupported value: ["foo"]: supported values: "All"'),
        ("DELETE", "dryRun=foo", "DeleteOptions", 'dryRun: Unsupported value: ["foo"]: supported values: "All"'),
        (
            "PATCH", "fieldValidation=foo", "PatchOptions",
            'fieldValidation: Unsupported value: "foo": supported values: "", "Ignore", "Strict", "Warn"',
        ),
        (
            "POST", "fieldManager=" + "x" * 129, "CreateOptions",
            "fieldManager: Too long: may not be more than 128 bytes",
        ),
        (
            "POST", "fieldManager=a%07", "CreateOptions",
            'fieldManager: Invalid value: "a\\u0007": invalid character U+0007 (at position 1)',
        ),
        ("PATCH", "force=true", "PatchOptions", "force: Forbidden: may not be specified for non-apply patch"),
        (
            "DELETE", "propagationPolicy=Foo", "DeleteOptions",
            'propagationPolicy: Unsupported value: "Foo": '
            'supported values: "Foreground", "Background", "Orphan", "nil"',
        ),
        (
            "DELETE", "propagationPolicy=Orphan&orphanDependents=true", "DeleteOptions",
            'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
        ),
    ),
)  # fmt: skip
def test_options_are_checked(web: Web, path: str, method: str, query: str, kind: str, said: str) -> None:
    web.post(path, manifests.configmap("a")).ok()
    url = path if method == "POST" else f"{path}/a"
    body = None if method == "DELETE" else manifests.configmap("a")
    answer = web.send(method, f"{url}?{query}", body, MERGE if method == "PATCH" else "application/json")
    refused = answer.refused(422, "Invalid")
    assert refused["message"] == f'{kind}.meta.k8s.io "" is invalid: {said}'
    assert refused["details"]["group"] == "meta.k8s.io"


def test_patches_of_four_sorts(web: Web, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    web.post(path, manifests.deployment("d", paused=True)).ok()

    def patch(body: object, content_type: str) -> list[dict]:
        found = web.patch(f"{path}/d", body, content_type).ok()
        return found["spec"]["template"]["spec"]["containers"]

    def containers(*found: dict) -> dict:
        return {"spec": {"template": {"spec": {"containers": list(found)}}}}

    both = patch(containers({"name": "e", "image": "f"}), STRATEGIC)
    assert [each["name"] for each in both] == ["e", "c"]
    assert [each["name"] for each in patch(containers({"name": "e", "$patch": "delete"}), STRATEGIC)] == ["c"]
    assert [each["name"] for each in patch(containers({"name": "g", "image": "h"}), MERGE)] == ["g"]
    at = "/spec/template/spec/containers/0/image"
    operations = [{"op": "test", "path": at, "value": "h"}, {"op": "replace", "path": at, "value": "i"}]
    assert patch(operations, JSON_PATCH)[0]["image"] == "i"


def test_patches_that_cannot_be(web: Web, path: str) -> None:
    web.post(path, manifests.configmap("a")).ok()
    refused = web.patch(f"{path}/a", {"x": 1}, "application/json").refused(415, "UnsupportedMediaType")
    assert (refused["message"], refused["details"]) == ("415: Unsupported Media Type", {})
    web.patch(f"{path}/a", b"{", MERGE).refused(400, "BadRequest")
    web.patch(f"{path}/a", b"[]", MERGE).refused(400, "BadRequest")
    web.patch(f"{path}/a", {"kind": "Secret"}, MERGE).refused(400, "BadRequest")
    web.patch(f"{path}/nope", {}, MERGE).refused(404, "NotFound")


def test_patches_race_and_none_is_lost(web: Web, path: str) -> None:
    """Each is made of the newest state, again where another was quicker."""
    web.post(path, manifests.configmap("a")).ok()
    connections = [web.connect() for _ in range(8)]

    def patch(number: int) -> int:
        connection = connections[number % 8]
        for each in range(number * 5, number * 5 + 5):
            body = f'{{"data":{{"k{each}":"v"}}}}'
            connection.request("PATCH", f"{path}/a", body, {"Content-Type": MERGE})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
        return number

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(patch, range(8)))
    for connection in connections:
        connection.close()
    assert len(web.get(f"{path}/a").ok()["data"]) == 40


def test_server_side_apply(web: Web, path: str) -> None:
    def apply(manager: str, data: dict, query: str = "") -> object:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}
        return web.patch(f"{path}/a?fieldManager={manager}{query}", body, APPLY)

    assert apply("one", {"x": "1"}).code == 201
    assert apply("one", {"x": "2"}).code == 200
    refused = apply("two", {"x": "3"}).refused(409, "Conflict")
    assert refused["message"] == 'Apply failed with 1 conflict: conflict with "one": .data.x'
    assert refused["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.x"}
    ]
    assert apply("two", {"x": "3"}, "&force=true").json["data"] == {"x": "3"}
    assert apply("one", {"y": "1"}).json["data"] == {"x": "3", "y": "1"}
    assert apply("two", {}).json["data"] == {"y": "1"}


@pytest.mark.parametrize(
    ("query", "body", "code", "reason", "said"),
    (
        ("", {}, 422, "Invalid", "fieldManager: Required value: is required for apply patch"),
        ("?fieldManager=m", {"apiVersion": "v1", "kind": "Secret"}, 400, "BadRequest", ""),
        (
            "?fieldManager=m", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}, 400, "BadRequest",
            "the name of the object (b) does not match the name on the URL (a)",
        ),
        (
            "?fieldManager=m",
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "managedFields": [{}]}},
            400, "BadRequest", "metadata.managedFields must be nil",
        ),
    ),
)  # fmt: skip
def test_server_side_apply_of_what_makes_no_sense(
    web: Web, path: str, query: str, body: dict, code: int, reason: str, said: str
) -> None:
    assert said in web.patch(f"{path}/a{query}", body, APPLY).refused(code, reason)["message"]


def test_who_owns_what(web: Web, path: str) -> None:
    web.post(f"{path}?fieldManager=maker", manifests.configmap("a", x="1", y="1")).ok()
    time.sleep(1)  # times of managed fields are in seconds
    changed = web.patch(f"{path}/a?fieldManager=changer", {"data": {"y": "2"}}).ok()
    owned = {each["manager"]: each for each in changed["metadata"]["managedFields"]}
    assert owned["maker"]["fieldsV1"] == {"f:data": {".": {}, "f:x": {}}}
    assert owned["changer"]["fieldsV1"] == {"f:data": {"f:y": {}}}
    assert owned["changer"]["time"] > owned["maker"]["time"]
    cleared = web.patch(f"{path}/a", {"metadata": {"managedFields": [{}]}}).ok()
    assert "managedFields" not in cleared["metadata"]


def test_the_manager_is_the_program_unless_it_says_otherwise(web: Web, path: str) -> None:
    headers = {"User-Agent": "tool/v1.2 (linux)"}
    made = web.send("POST", path, manifests.configmap("a", x="1"), headers=headers).ok()
    assert [each["manager"] for each in made["metadata"]["managedFields"]] == ["tool"]
