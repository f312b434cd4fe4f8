"""Who the parts of a node are, and that they may no more than they need."""

from wherry.app.rights import NODE_SERVICES, roles
from wherry.kube.kinds.every import builtin


def test_every_right_is_of_a_resource_that_is_there_and_names_its_verbs() -> None:
    known = {(kind.group, kind.plural) for kind in builtin()}
    for role in roles():
        for rule in role.get("rules") or ():
            (group,) = rule["apiGroups"]
            assert {(group, each.partition("/")[0]) for each in rule["resources"]} <= known
            assert "*" not in (*rule["verbs"], *rule["resources"])


def test_nobody_reads_secrets_and_bindings_are_of_what_is_there() -> None:
    found = roles()
    assert not [rule for role in found for rule in role.get("rules") or () if "secrets" in rule["resources"]]
    bindings = [each for each in found if each["kind"].endswith("Binding")]
    own = {(each["kind"], each["metadata"]["name"]) for each in found} | {("ClusterRole", "system:kubelet-api-admin")}
    assert {(each["roleRef"]["kind"], each["roleRef"]["name"]) for each in bindings} <= own
    subjects = {subject["name"] for each in bindings for subject in each["subjects"]}
    assert subjects == {NODE_SERVICES.user, "kube-apiserver-kubelet-client"}
