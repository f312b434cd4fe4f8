"""Nobody gives away what is not theirs (K25)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.kube.apiserver.authz.objects import binding, role, rule, urls, user
from wherry.kube.apiserver.authz.escalation import EscalationCheck
from wherry.kube.apiserver.authz.rbac import Rbac
from wherry.kube.apiserver.authz.union import Superusers, Union
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.model import AdmissionRequest, Operation, Rule, User
from wherry.kube.kinds.clusterrole import KIND as CLUSTER_ROLE
from wherry.kube.kinds.clusterrolebinding import KIND as CLUSTER_ROLE_BINDING
from wherry.kube.kinds.model import Kind, Version
from wherry.kube.kinds.role import KIND as ROLE
from wherry.kube.kinds.rolebinding import KIND as ROLE_BINDING
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

KINDS = {each.kind: each for each in (ROLE, CLUSTER_ROLE, ROLE_BINDING, CLUSTER_ROLE_BINDING)}
RBAC = "rbac.authorization.k8s.io"
ALICE = user("alice", "devs")
READ_PODS = rule("get list", "pods")


def having(*rules: Rule) -> tuple[Object, ...]:
    """Alice has these everywhere."""
    return role("own", *rules), binding("own", "ClusterRole", "own", "User:alice")


async def write(obj: Object, *objects: Object, by: User = ALICE, old: Object | None = None, **more: Any) -> None:
    listers = FakeListers(*objects)
    rbac = Rbac(listers)
    check = EscalationCheck(rbac, Union([Superusers(), rbac]))
    meta = obj["metadata"]
    request = AdmissionRequest(
        Operation.UPDATE if old is not None else Operation.CREATE, KINDS[obj["kind"]], by, datetime.now(UTC), obj,
        old, meta["name"], meta.get("namespace", ""), **more,
    )  # fmt: skip
    await check.admit(request)
    await check.validate(request)


async def refusal(obj: Object, *objects: Object, **how: Any) -> StatusError:
    with pytest.raises(StatusError) as caught:
        await write(obj, *objects, **how)
    return caught.value


@pytest.mark.parametrize(
    "wanted",
    [
        READ_PODS,
        rule("get", "pods", names="x"),
        rule("list", "pods"),
    ],
)
async def test_a_role_may_have_what_its_writer_has(wanted: Rule) -> None:
    await write(role("r", wanted), *having(READ_PODS))
    await write(role("r", wanted, namespace="a"), *having(READ_PODS))


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (rule("*", "pods"), '{APIGroups:[""], Resources:["pods"], Verbs:["*"]}'),
        (rule("get", "*"), '{APIGroups:[""], Resources:["*"], Verbs:["get"]}'),
        (rule("get", "pods", "*"), '{APIGroups:["*"], Resources:["pods"], Verbs:["get"]}'),
        (rule("get", "pods/log"), '{APIGroups:[""], Resources:["pods/log"], Verbs:["get"]}'),
        (rule("get delete update", "pods"), '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "update"]}'),
        (rule("get", "secrets", names="x"),
         '{APIGroups:[""], Resources:["secrets"], ResourceNames:["x"], Verbs:["get"]}'),
        (urls("get", "*"), '{NonResourceURLs:["*"], Verbs:["get"]}'),
    ],
)  # fmt: skip
async def test_and_nothing_more(wanted: Rule, shown: str) -> None:
    error = await refusal(role("r", READ_PODS, wanted), *having(READ_PODS))

    assert (error.code, error.reason) == (403, "Forbidden")
    assert error.message == (
        'clusterroles.rbac.authorization.k8s.io "r" is forbidden: user "alice" '
        '(groups=["devs" "system:authenticated"]) '
        f"is attempting to grant RBAC permissions not currently held:\n{shown}"
    )


async def test_rights_with_names_do_not_cover_rights_without() -> None:
    await refusal(role("r", READ_PODS), *having(rule("get list", "pods", names="x")))


async def test_rights_in_a_namespace_cover_roles_there_and_nowhere_else() -> None:
    local = role("own", READ_PODS, namespace="a"), binding("own", "Role", "own", "User:alice", namespace="a")

    await write(role("r", READ_PODS, namespace="a"), *local)
    await refusal(role("r", READ_PODS, namespace="b"), *local)
    await refusal(role("r", READ_PODS), *local)


async def test_several_missing_rights_are_one_a_line_in_order() -> None:
    error = await refusal(role("r", rule("get", "secrets"), rule("get", "configmaps")))
    assert error.message.endswith(
        'held:\n{APIGroups:[""], Resources:["configmaps"], Verbs:["get"]}\n'
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'
    )


async def test_roles_that_could_not_be_found_are_named() -> None:
    error = await refusal(role("r", READ_PODS), binding("b", "ClusterRole", "gone", "User:alice"))
    assert error.message.endswith('; resolution errors: clusterrole.rbac.authorization.k8s.io "gone" not found')


async def test_who_may_escalate_may_write_any_role() -> None:
    await write(role("r", rule("*", "*", "*")), *having(rule("escalate", "clusterroles", RBAC)))
    await refusal(role("r", rule("*", "*", "*"), namespace="a"), *having(rule("escalate", "clusterroles", RBAC)))


async def test_escalating_one_role_by_name_does_not_do_for_making_it() -> None:
    named = having(rule("escalate", "clusterroles", RBAC, names="r"))

    await write(role("r", READ_PODS), *named, old=role("r"))
    await refusal(role("other", READ_PODS), *named, old=role("other"))
    await refusal(role("r", READ_PODS), *named)


async def test_masters_may() -> None:
    await write(role("r", rule("*", "*", "*")), by=user("root", "system:masters"))


async def test_an_update_is_looked_at_as_a_whole() -> None:
    await refusal(role("r", READ_PODS, labels={"a": "b"}), old=role("r", READ_PODS))


async def test_the_garbage_collector_may_take_itself_off() -> None:
    old = role("r", READ_PODS, finalizers=["x"], ownerReferences=[{"name": "o"}], resourceVersion="1")
    await write(role("r", READ_PODS, ownerReferences=[]), old=old)


async def test_an_aggregated_role_needs_everything() -> None:
    aggregation = {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}
    aggregated = {**role("r"), "aggregationRule": aggregation}
    said = "must have cluster-admin privileges to use the aggregationRule"

    assert (await refusal(aggregated, *having(READ_PODS))).message.endswith(said)
    assert (await refusal(role("r"), *having(READ_PODS), old=aggregated)).message.endswith(said)
    nearly = rule("get list watch create update patch delete deletecollection", "*", "*")
    assert (await refusal(aggregated, *having(nearly))).message.endswith(said)
    await write(aggregated, *having(rule("*", "*", "*"), urls("*", "*")))


@pytest.mark.parametrize("namespace", ["", "a"])
async def test_a_binding_needs_the_rights_that_it_gives(namespace: str) -> None:
    target = role("target", READ_PODS)
    bound = binding("b", "ClusterRole", "target", "User:bob", namespace=namespace)

    await write(bound, target, *having(READ_PODS))
    error = await refusal(bound, target, *having(rule("get", "pods")))
    assert "is attempting to grant RBAC permissions not currently held" in error.message


async def test_or_the_right_to_bind_that_role() -> None:
    target = role("target", rule("*", "*", "*"))
    bound = binding("b", "ClusterRole", "target", "User:bob")

    await write(bound, target, *having(rule("bind", "clusterroles", RBAC)))
    await write(bound, target, *having(rule("bind", "clusterroles", RBAC, names="target")))
    await refusal(bound, target, *having(rule("bind", "clusterroles", RBAC, names="other")))
    await refusal(bound, target, *having(rule("bind", "roles", RBAC)))
    await refusal(bound, target, *having(rule("escalate", "clusterroles", RBAC)))


async def test_a_role_of_another_namespace_is_no_role() -> None:
    target = role("target", READ_PODS, namespace="b")
    error = await refusal(binding("b", "Role", "target", "User:bob", namespace="a"), target, *having(READ_PODS))

    assert (error.code, error.message) == (404, 'roles.rbac.authorization.k8s.io "target" not found')


async def test_a_binding_to_a_role_that_is_missing_needs_the_right_to_bind() -> None:
    bound = binding("b", "ClusterRole", "later", "User:bob")

    assert (await refusal(bound, *having(READ_PODS))).code == 404
    await write(bound, *having(rule("bind", "clusterroles", RBAC)))


async def test_a_binding_to_what_is_no_role_is_left_to_validation() -> None:
    await write(binding("b", "Ghost", "g", "User:bob"))


async def test_nothing_else_is_looked_at() -> None:
    check = EscalationCheck(Rbac(FakeListers()), Superusers())
    secret = Kind("", "Secret", "secrets", (Version("v1", lambda: None),), "v1")  # type: ignore[arg-type, return-value]
    now = datetime.now(UTC)

    await check.validate(AdmissionRequest(Operation.CREATE, secret, ALICE, now, {"rules": [{"verbs": ["*"]}]}))
    await check.validate(AdmissionRequest(Operation.DELETE, CLUSTER_ROLE, ALICE, now, None, role("r", READ_PODS)))
