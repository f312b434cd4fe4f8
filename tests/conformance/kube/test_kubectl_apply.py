"""Declarative commands: apply of both sorts, diff, prune, replace, edit, patch, kustomize."""

import json
from pathlib import Path

import pytest

from tests.conformance.kube import manifests
from tests.conformance.kube.cli import Kubectl, all_versions, version_id
from tests.conformance.kube.process import Control
from tests.unit.kube.kubectl import needs_kubectl

pytestmark = needs_kubectl

_BAD, _INVALID = "Error from server (BadRequest):", "The request is invalid: patch:"
CONFLICT = """\
error: Apply failed with 1 conflict: conflict with "{manager}"{version}: {field}
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
"""


def two(image: str = "busybox:1", a: str = "1") -> str:
    items = [manifests.deployment("web", image=image), manifests.configmap("cm", a=a)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


@pytest.mark.parametrize("version", all_versions(), ids=version_id)
def test_apply_creates_leaves_alone_and_changes(
    control: Control, client_home: Path, namespace: str, version: tuple[int, int]
) -> None:
    kubectl = Kubectl(control.kubeconfig, client_home, namespace, version)
    assert kubectl("apply -f -", two()).out == "deployment.apps/web created\nconfigmap/cm created\n"
    assert kubectl("apply -f -", two()).out == "deployment.apps/web unchanged\nconfigmap/cm unchanged\n"
    assert (
        kubectl("apply -f -", two("busybox:2", "2")).out == "deployment.apps/web configured\nconfigmap/cm configured\n"
    )
    assert kubectl("get cm cm -o jsonpath={.data}").json == {"a": "2"}
    text = json.dumps({**manifests.configmap("cm", a="1"), "bogus": 1})
    assert 'strict decoding error: unknown field "bogus"' in kubectl.fails("apply -f -", text)


def test_three_way_apply_takes_back_what_it_gave_and_nothing_else(kubectl: Kubectl) -> None:
    """Lists are merged by their keys: the strategic patches that kubectl makes of OpenAPI's words."""
    before = manifests.deployment("web")
    before["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "2"},
    ]
    kubectl("apply -f -", json.dumps(before))
    kubectl("set env deployment/web C=3")
    kubectl("label deployment web mine=1")
    after = manifests.deployment("web")
    after["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "B", "value": "2"}]
    kubectl("apply -f -", json.dumps(after))
    document = kubectl("get deployment web -o json").json
    assert [each["name"] for each in document["spec"]["template"]["spec"]["containers"][0]["env"]] == ["B", "C"]
    assert document["metadata"]["labels"] == {"app": "web", "mine": "1"}


def test_last_applied_can_be_seen_and_set(kubectl: Kubectl) -> None:
    kubectl("apply -f -", two())
    assert kubectl("apply view-last-applied cm cm -o json").json["data"] == {"a": "1"}
    file = manifests.write(kubectl.home / "set-last.json", manifests.configmap("cm", a="1", b="2"))
    assert kubectl(f"apply set-last-applied -f {file}").out == "configmap/cm configured\n"
    assert kubectl("apply view-last-applied cm cm -o json").json["data"] == {"a": "1", "b": "2"}


def test_dry_runs_change_nothing(kubectl: Kubectl) -> None:
    assert kubectl("apply --dry-run=server -f -", two()).out == (
        "deployment.apps/web created (server dry run)\nconfigmap/cm created (server dry run)\n"
    )
    assert kubectl("get deployment,cm -o name").out == "configmap/kube-root-ca.crt\n"
    kubectl("apply -f -", two())
    assert kubectl("apply --dry-run=server -f -", two(a="2")).out == (
        "deployment.apps/web unchanged (server dry run)\nconfigmap/cm configured (server dry run)\n"
    )
    assert kubectl("apply --dry-run=client -f -", two(a="2")).out.endswith("configmap/cm configured (dry run)\n")
    assert kubectl("get cm cm -o jsonpath={.data}").json == {"a": "1"}


def test_diff_shows_what_apply_would_do(kubectl: Kubectl) -> None:
    kubectl("apply -f -", two())
    assert kubectl("diff -f -", two()).out == ""
    said = kubectl.fails("diff -f -", two("busybox:2", "2"))
    assert "\n-      - image: busybox:1\n+      - image: busybox:2\n" in said
    assert '\n-  a: "1"\n+  a: "2"\n' in said
    new = kubectl.fails("diff -f -", json.dumps(manifests.configmap("new", x="y")))
    assert '\n+  x: "y"\n' in new and "resourceVersion" not in new
    assert '\n-  a: "1"\n+  a: "2"\n' in kubectl.fails(
        "diff --server-side -f -", json.dumps(manifests.configmap("cm", a="2"))
    )


def test_server_side_apply_shares_fields_among_managers(kubectl: Kubectl) -> None:
    def apply(manager: str, more: str = "", **data: str) -> str:
        return f"apply --server-side --field-manager={manager} {more} -f -", json.dumps(
            manifests.configmap("cm", **data)
        )

    assert kubectl(*apply("one", a="1", b="1")).out == "configmap/cm serverside-applied\n"
    assert kubectl(*apply("two", b="1", c="1")).out == "configmap/cm serverside-applied\n"
    assert kubectl.fails(*apply("two", a="2", b="1", c="1")) == CONFLICT.format(
        manager="one", version="", field=".data.a"
    )
    kubectl(*apply("two", "--force-conflicts", a="2", c="1"))
    assert kubectl("get cm cm -o jsonpath={.data}").json == {"a": "2", "b": "1", "c": "1"}
    kubectl(*apply("one"))
    assert kubectl("get cm cm -o jsonpath={.data}").json == {"a": "2", "c": "1"}
    managers = kubectl("get cm cm -o json --show-managed-fields").json["metadata"]["managedFields"]
    owned = {each["manager"]: sorted(each["fieldsV1"].get("f:data", {})) for each in managers}
    assert owned == {"two": ["f:a", "f:c"]}
    assert {each["operation"] for each in managers} == {"Apply"}


def test_server_side_apply_after_client_side_apply(kubectl: Kubectl) -> None:
    """The fields of kubectl's other way of applying are taken over."""
    kubectl("apply -f -", json.dumps(manifests.configmap("cm", a="1")))
    assert kubectl("apply --server-side -f -", json.dumps(manifests.configmap("cm", a="2"))).out == (
        "configmap/cm serverside-applied\n"
    )
    kubectl('patch cm cm --type=merge -p \'{"data":{"a":"3"}}\' --field-manager=hand')
    said = kubectl.fails("apply --server-side -f -", json.dumps(manifests.configmap("cm", a="2")))
    assert said == CONFLICT.format(manager="hand", version=" using v1", field=".data.a")


def test_server_side_apply_names_elements_of_lists(kubectl: Kubectl) -> None:
    kubectl("create -f -", json.dumps(manifests.deployment("web")))
    said = kubectl.fails("apply --server-side -f -", json.dumps(manifests.deployment("web", image="busybox:2")))
    field = '.spec.template.spec.containers[name="c"].image'
    assert said == CONFLICT.format(manager="kubectl-create", version=" using apps/v1", field=field)


def test_pruning(kubectl: Kubectl) -> None:
    first, second = manifests.configmap("one"), manifests.configmap("two")
    for each in (first, second):
        each["metadata"]["labels"] = {"set": "pruned"}
    both = json.dumps({"apiVersion": "v1", "kind": "List", "items": [first, second]})
    allowed = "--prune -l set=pruned --prune-allowlist=core/v1/ConfigMap"
    assert kubectl(f"apply {allowed} -f -", both).out == "configmap/one created\nconfigmap/two created\n"
    assert kubectl(f"apply {allowed} -f -", json.dumps(first)).out == "configmap/one unchanged\nconfigmap/two pruned\n"


def test_apply_sets(kubectl: Kubectl) -> None:
    """Pruning by an ApplySet, whose parent is a Secret."""
    both = json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": [manifests.configmap("one"), manifests.configmap("two")]}
    )
    environment = {"KUBECTL_APPLYSET": "true"}
    words = f"apply --prune --applyset=set -n {kubectl.namespace} -f -"
    assert kubectl(
        words, both, environment
    ).out == "configmap/one serverside-applied\nconfigmap/two serverside-applied\n".replace(
        "serverside-applied", "created"
    )
    assert kubectl(words, json.dumps(manifests.configmap("one")), environment).out == (
        "configmap/one unchanged\nconfigmap/two pruned\n"
    )


def test_replace(kubectl: Kubectl) -> None:
    kubectl("create -f -", two())
    uid = kubectl("get cm cm -o jsonpath={.metadata.uid}").out
    assert kubectl("replace -f -", two(a="2")).out == "deployment.apps/web replaced\nconfigmap/cm replaced\n"
    assert kubectl("get cm cm -o jsonpath={.metadata.uid}").out == uid
    assert kubectl("replace --force -f -", json.dumps(manifests.configmap("cm", a="3"))).out == (
        'configmap "cm" deleted\nconfigmap/cm replaced\n'
    )
    assert kubectl("get cm cm -o jsonpath={.metadata.uid}").out != uid
    assert kubectl.fails("replace -f -", json.dumps(manifests.configmap("nope"))) == (
        'Error from server (NotFound): error when replacing "STDIN": configmaps "nope" not found\n'
    )
    stale = manifests.configmap("cm", a="4")
    stale["metadata"]["resourceVersion"] = "1"
    assert kubectl.fails("replace -f -", json.dumps(stale)) == (
        'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on configmaps "cm": '
        "the object has been modified; please apply your changes to the latest version and try again\n"
    )


def editor(kubectl: Kubectl, expression: str) -> dict[str, str]:
    """One that runs sed."""
    path = kubectl.home / "sed-editor"
    path.write_text(f"#!/bin/sh\nsed -i '{expression}' \"$1\"\n")
    path.chmod(0o755)
    return {"KUBE_EDITOR": str(path)}


def test_edit(kubectl: Kubectl) -> None:
    kubectl("create -f -", json.dumps(manifests.deployment("web")))
    changed = kubectl("edit deployment web", "", editor(kubectl, "s/busybox:1/busybox:2/"))
    assert changed.out == "deployment.apps/web edited\n"
    assert kubectl("edit deployment web", "", editor(kubectl, "s/x/x/")).err == "Edit cancelled, no changes made.\n"
    done = kubectl.run("edit deployment web", "", editor(kubectl, "s/replicas: 0/replicas: -5/"))
    assert done.code == 1 and done.err.startswith('error: deployments.apps "web" is invalid\n')
    done = kubectl.run("edit cm nope")
    assert done.err == 'Error from server (NotFound): configmaps "nope" not found\n'
    found = kubectl("get deployment web -o json").json
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "busybox:2"
    done = kubectl(
        "edit deployment web --subresource=status", "", editor(kubectl, "s/^status:.*/status:\\n  collisionCount: 3/")
    )
    assert done.out == "deployment.apps/web edited\n"


def test_patches_of_three_types(kubectl: Kubectl) -> None:
    kubectl("create -f -", json.dumps(manifests.configmap("cm", a="1")))
    patched = "configmap/cm patched\n"
    assert kubectl('patch cm cm -p \'{"data":{"b":"2"}}\'').out == patched
    assert kubectl('patch cm cm --type=merge -p \'{"data":{"b":null,"c":"3"}}\'').out == patched
    operation = '[{"op":"replace","path":"/data/a","value":"9"},{"op":"test","path":"/data/c","value":"3"}]'
    assert kubectl(f"patch cm cm --type=json -p '{operation}'").out == patched
    assert kubectl("get cm cm -o jsonpath={.data}").json == {"a": "9", "c": "3"}
    assert kubectl('patch cm cm -p \'{"data":{"a":"9"}}\'').out == "configmap/cm patched (no change)\n"


@pytest.mark.parametrize(
    ("type", "patch", "said"),
    (
        (
            "json", '[{"op":"test","path":"/data/a","value":"8"}]',
            f"{_INVALID} testing value /data/a failed: test failed\n",
        ),
        (
            "json", '[{"op":"remove","path":"/data/z"}]',
            f"{_INVALID} error in remove for path: '/data/z': Unable to remove nonexistent key: z: missing value\n",
        ),
        (
            "json", '{"a":1}',
            f"{_BAD} error decoding patch: json: cannot unmarshal object into Go value of type "
            "[]handlers.jsonPatchOp\n",
        ),
        (
            "strategic", '{"data":{"a":5}}',
            f'{_INVALID} Invalid value: "map[data:map[a:5]]": unrecognized type: string\n',
        ),
        (
            "merge", '{"metadata":{"name":"other"}}',
            f"{_BAD} the name of the object (other) does not match the name on the URL (cm)\n",
        ),
    ),
)  # fmt: skip
def test_patches_that_do_not_fit(kubectl: Kubectl, type: str, patch: str, said: str) -> None:
    kubectl("create -f -", json.dumps(manifests.configmap("cm", a="1")))
    assert kubectl.fails(f"patch cm cm --type={type} -p '{patch}'") == said


def test_patches_of_deployments_are_checked(kubectl: Kubectl) -> None:
    kubectl("create -f -", json.dumps(manifests.deployment("web")))
    assert kubectl.fails('patch deployment web -p \'{"spec":{"replicas":-1}}\'') == (
        'The Deployment "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0\n'
    )
    assert kubectl.fails('patch deployment web -p \'{"spec":{"replicas":"x"}}\'') == (
        'The request is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": unrecognized type: int32\n'
    )
    said = kubectl.fails('patch deployment web --type=merge -p \'{"spec":{"replicas":"x"}}\'')
    assert said.startswith('The request is invalid: patch: Invalid value: "{\\"apiVersion\\":\\"apps/v1\\",')
    assert said.endswith(
        '": json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32\n'
    )
    said = kubectl.fails('patch deployment web -p \'{"spec":{"selector":{"matchLabels":{"app":"x"}}}}\'')
    assert said.startswith('The Deployment "web" is invalid: ') and ": field is immutable\n" in said


def test_patches_of_subresources(kubectl: Kubectl) -> None:
    deployment = manifests.deployment("web", paused=True)
    kubectl("create -f -", json.dumps(deployment))
    patch = '{"status":{"collisionCount":2},"spec":{"replicas":9}}'
    said = kubectl(f"patch deployment web --subresource=status --type=merge -p '{patch}'")
    assert said.out == "deployment.apps/web patched\n"
    found = kubectl("get deployment web -o json").json
    assert (found["status"]["collisionCount"], found["spec"]["replicas"]) == (2, 0)
    assert kubectl('patch deployment web --subresource=scale --type=merge -p \'{"spec":{"replicas":2}}\'').out == (
        "scale.autoscaling/web patched\n"
    )
    assert kubectl("get deployment web -o jsonpath={.spec.replicas}").out == "2"


def test_kustomize(kubectl: Kubectl, tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text(
        "namePrefix: pre-\nresources: [web.json]\nconfigMapGenerator: [{name: made, literals: [a=b]}]\n"
    )
    manifests.write(tmp_path / "web.json", manifests.deployment("web"))
    assert "name: pre-web\n" in kubectl(f"kustomize {tmp_path}").out
    said = kubectl(f"apply -k {tmp_path}").out.split("\n")
    assert said[0].startswith("configmap/pre-made-") and said[1] == "deployment.apps/pre-web created"
    assert kubectl(f"diff -k {tmp_path}").out == ""
    kubectl(f"delete -k {tmp_path}")
    assert kubectl("get deployments -o name").out == ""


def test_custom_resources_are_applied_too(kubectl: Kubectl) -> None:
    """By merge patches: nobody knows their lists' keys but the server."""
    plural = f"w{kubectl.namespace.replace('-', '')}s"
    kubectl("apply -f -", json.dumps(manifests.definition(plural, "Widget")))
    try:
        kubectl(f"wait --for=condition=Established crd/{plural}.tests.example --timeout=100s")
        widget = {
            "apiVersion": "tests.example/v1",
            "kind": "Widget",
            "metadata": {"name": "w"},
            "spec": {"colour": "red"},
        }
        assert kubectl("apply -f -", json.dumps(widget)).out == "widget.tests.example/w created\n"
        assert kubectl("apply -f -", json.dumps(widget)).out == "widget.tests.example/w unchanged\n"
        widget["spec"] = {"size": 3, "colour": "blue"}
        assert kubectl("apply -f -", json.dumps(widget)).out == "widget.tests.example/w configured\n"
        assert kubectl(f"get {plural}").rows == [["NAME", "SIZE", "COLOUR"], ["w", "3", "blue"]]
        assert kubectl(f"get {plural} -o wide --field-selector spec.colour=blue").rows[0] == [
            "NAME",
            "SIZE",
            "COLOUR",
            "READY",
        ]
        assert kubectl(f"scale {plural} w --replicas=5").out == "widget.tests.example/w scaled\n"
        widget["spec"] = {"size": 77, "colour": "pink"}
        said = kubectl.fails("apply -f -", json.dumps(widget))
        assert said.startswith('The Widget "w" is invalid: \n')
        assert '* spec.colour: Unsupported value: "pink": supported values: "red", "green", "blue"\n' in said
        assert "* spec.size: Invalid value: 77: spec.size in body should be less than or equal to 10\n" in said
        assert "colour\t<string>\n" in kubectl(f"explain {plural}.spec").out
        assert "ENUM:\n    red\n    green\n    blue\n" in kubectl(f"explain {plural}.spec.colour").out
    finally:
        kubectl(f"delete crd {plural}.tests.example")
    assert "the server could not find the requested resource" in kubectl.fails(f"get {plural}")
