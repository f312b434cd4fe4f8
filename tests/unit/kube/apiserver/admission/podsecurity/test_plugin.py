import copy

import pytest

from tests.unit.kube.apiserver.admission.asking import admitted, create, namespace, needs, pod, refused, update
from tests.unit.kube.apiserver.admission.podsecurity.cases import GOOD
from wherry.kube.apiserver.admission.podsecurity.plugin import PODS_CHECKED, PodSecurity, existing
from wherry.kube.apiserver.admission.podsecurity.policy import PREFIX, Level, LevelVersion
from wherry.kube.apiserver.admission.podspec import TEMPLATES
from wherry.kube.apiserver.model import Operation
from wherry.kube.machinery.model import GroupResource, Object


def labelled(**labels: str) -> Object:
    return namespace(**{f"{PREFIX}{name.replace('_', '-')}": value for name, value in labels.items()})


def bad() -> Object:
    return pod(hostNetwork=True)


SAID = '"baseline:latest": host namespaces (hostNetwork=true)'


async def test_an_enforced_level_refuses_a_pod() -> None:
    plugin = PodSecurity(needs(labelled(enforce="baseline")))
    request = create(bad())
    error = await refused(plugin, request)
    assert error.code == 403 and str(error) == f'pods "web" is forbidden: violates PodSecurity {SAID}'
    assert request.warnings == [], "who is refused need not be warned"
    assert request.notes[f"{PREFIX}enforce-policy"] == "baseline:latest"
    await admitted(plugin, create(pod()))


async def test_a_warned_level_warns_and_an_audited_one_is_noted() -> None:
    request = create(bad())
    await admitted(PodSecurity(needs(labelled(warn="baseline"))), request)
    assert request.warnings == [f"would violate PodSecurity {SAID}"]
    request = create(bad())
    await admitted(PodSecurity(needs(labelled(audit="baseline"))), request)
    assert request.warnings == []
    assert request.notes[f"{PREFIX}audit-violations"] == f"would violate PodSecurity {SAID}"


async def test_a_namespace_without_labels_lets_everything_in() -> None:
    request = create(bad())
    await admitted(PodSecurity(needs(namespace())), request)
    assert request.warnings == [] and request.notes == {}


async def test_a_namespace_that_is_nowhere_is_an_error() -> None:
    assert (await refused(PodSecurity(needs()), create(bad()))).code == 500
    await refused(PodSecurity(needs(behind=(labelled(enforce="baseline"),))), create(bad()))


def holder(resource: GroupResource, template: Object | None) -> Object:
    kinds = ("ReplicationController", "PodTemplate", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job",
             "CronJob")  # fmt: skip
    obj: Object = template or {}
    for name in reversed(TEMPLATES[resource]):
        obj = {name: obj}
    meta = {"name": "x", "namespace": "default"}
    version = f"{resource.group}/v1" if resource.group else "v1"
    return {
        **obj,
        "apiVersion": version,
        "kind": next(each for each in kinds if f"{each.lower()}s" == resource.resource),
        "metadata": meta,
    }


@pytest.mark.parametrize("resource", [each for each in TEMPLATES if TEMPLATES[each]], ids=str)
async def test_what_makes_pods_is_warned_about_not_refused(resource: GroupResource) -> None:
    plugin = PodSecurity(needs(labelled(enforce="baseline")))
    request = create(holder(resource, {"metadata": {}, "spec": bad()["spec"]}))
    await admitted(plugin, request)
    assert request.warnings == [f"would violate PodSecurity {SAID}"]
    request = create(holder(resource, {"metadata": {}, "spec": pod()["spec"]}))
    await admitted(plugin, request)
    assert request.warnings == []


async def test_a_controller_without_template_is_left_alone() -> None:
    request = create(holder(GroupResource("", "replicationcontrollers"), None))
    request.object = {"metadata": {"name": "x"}, "spec": {}}
    await admitted(PodSecurity(needs(labelled(enforce="restricted"))), request)


async def test_an_update_is_judged_when_it_could_matter() -> None:
    plugin = PodSecurity(needs(labelled(enforce="baseline")))
    await admitted(plugin, update(bad(), bad()))
    image = copy.deepcopy(bad())
    image["spec"]["containers"][0]["image"] = "other"
    await refused(plugin, update(image, bad()))
    debugged = {**bad(), "spec": {**bad()["spec"], "ephemeralContainers": [{"name": "d", "image": "i"}]}}
    await refused(plugin, update(debugged, bad(), subresource="ephemeralcontainers"))


def test_subresources_that_change_no_pod_are_passed_by() -> None:
    plugin = PodSecurity(needs())
    pods = GroupResource("", "pods")
    for subresource in ("status", "binding", "eviction", "exec", "log"):
        assert not plugin.handles(pods, Operation.CREATE, subresource)
    assert plugin.handles(pods, Operation.UPDATE, "ephemeralcontainers")
    assert plugin.handles(pods, Operation.UPDATE, "something-new")
    assert not plugin.handles(GroupResource("apps", "deployments"), Operation.UPDATE, "status")


async def test_a_namespaces_labels_must_be_readable_when_they_change() -> None:
    plugin = PodSecurity(needs())
    error = await refused(plugin, create(labelled(enforce="strict")))
    assert error.code == 422 and 'Invalid value: "strict": must be one of' in str(error)
    await refused(plugin, update(labelled(enforce="strict"), labelled()))
    await admitted(plugin, update(labelled(enforce="strict"), labelled(enforce="strict")))


async def test_a_stricter_level_warns_of_the_pods_that_are_there() -> None:
    pods = [bad(), {**bad(), "metadata": {"name": "also", "namespace": "default"}}, pod("fine")]
    plugin = PodSecurity(needs(*pods))
    request = update(labelled(enforce="baseline"), labelled())
    await admitted(plugin, request)
    assert request.warnings == [
        'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
        "also (and 1 other pod): host namespaces",
    ]
    for new, old in (
        (labelled(enforce="baseline"), labelled(enforce="restricted")),
        (labelled(enforce="privileged"), labelled()),
        (labelled(enforce="baseline"), labelled(enforce="baseline")),
    ):
        request = update(new, old)
        await admitted(plugin, request)
        assert request.warnings == []


def test_very_many_pods_are_not_all_looked_at() -> None:
    good = {**GOOD, "metadata": {"name": "p"}}
    (warning,) = existing("x", LevelVersion(Level.RESTRICTED), [good] * (PODS_CHECKED + 1))
    assert warning == "new PodSecurity enforce level only checked against the first 3000 of 3001 existing pods"
    many = [{**bad(), "metadata": {"name": f"p{number}"}} for number in range(4)]
    assert list(existing("x", LevelVersion(Level.BASELINE), many))[1] == "p0 (and 3 other pods): host namespaces"
