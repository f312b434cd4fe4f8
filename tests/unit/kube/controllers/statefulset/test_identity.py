from tests.unit.kube.controllers.statefulset.sets import claim, member, stateful, with_claims
from tests.unit.kube.controllers.workloads import reference, template
from wherry.kube.controllers.statefulset import identity

DB = with_claims(stateful())
LABELS = {
    "app": "web", "controller-revision-hash": "db-1", "statefulset.kubernetes.io/pod-name": "db-2",
    "apps.kubernetes.io/pod-index": "2",
}  # fmt: skip


def test_a_pod_has_the_name_and_the_volumes_of_its_ordinal() -> None:
    described = template()
    described["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
    made = identity.new_pod(DB, described, "db-1", 2, reference(DB))
    assert made["metadata"] == {
        "name": "db-2", "namespace": "default", "labels": LABELS, "ownerReferences": [reference(DB)],
    }  # fmt: skip
    spec = made["spec"]
    assert (spec["hostname"], spec["subdomain"]) == ("db-2", "db")
    assert spec["volumes"] == [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-2"}}, {"name": "tmp", "emptyDir": {}},
    ]  # fmt: skip
    assert "subdomain" not in identity.new_pod(stateful(serviceName=""), template(), "db-1", 2, {})["spec"]


def test_labels_that_were_taken_away_are_put_back() -> None:
    whole = member(DB, 2)
    assert identity.corrected(DB, whole, 2) is None
    meta = {**whole["metadata"], "labels": {"app": "web"}}
    changed = identity.corrected(DB, {**whole, "metadata": meta}, 2)
    assert changed is not None and changed["metadata"]["labels"] == {
        name: value for name, value in LABELS.items() if name != "controller-revision-hash"
    }


def test_a_claim_has_the_labels_that_the_set_selects_by() -> None:
    made = claim(DB, 2)
    assert made["metadata"]["name"] == "data-db-2" and made["metadata"]["labels"] == {"app": "web"}
    assert made["spec"] == {"accessModes": ["ReadWriteOnce"]} and "status" not in made
    noted = {"metadata": {"name": "data", "annotations": {"a": "1"}, "labels": {"b": "2"}}}
    meta = identity.new_claim(DB, noted, 0)["metadata"]
    assert meta["annotations"] == {"a": "1"} and meta["labels"] == {"app": "web", "b": "2"}
