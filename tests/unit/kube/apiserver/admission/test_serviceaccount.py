from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.apiserver.admission.asking import account, admitted, create, needs, pod, refused, update
from wherry.kube.apiserver.admission.serviceaccount import ENFORCE, PATH, ServiceAccount, mount_token
from wherry.kube.machinery.model import Object


async def test_a_pod_runs_as_the_default_account_with_its_token() -> None:
    made = await admitted(ServiceAccount(needs(account())), create(pod(initContainers=[{"name": "first"}])))
    spec = made["spec"]
    assert spec["serviceAccountName"] == spec["serviceAccount"] == "default"
    (volume,) = spec["volumes"]
    assert volume["name"].startswith("kube-api-access-") and len(volume["name"]) == len("kube-api-access-") + 5
    assert volume["projected"] == {
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {
                "downwardAPI": {
                    "items": [
                        {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
                    ]
                }
            },
        ],
    }
    for container in (*spec["containers"], *spec["initContainers"]):
        assert container["volumeMounts"] == [{"name": volume["name"], "readOnly": True, "mountPath": PATH}]


async def test_the_pods_own_word_on_the_token_counts_before_the_accounts() -> None:
    plugin = ServiceAccount(needs(account(automountServiceAccountToken=False)))
    assert "volumes" not in (await admitted(plugin, create(pod())))["spec"]
    assert "volumes" in (await admitted(plugin, create(pod(automountServiceAccountToken=True))))["spec"]
    plugin = ServiceAccount(needs(account()))
    assert "volumes" not in (await admitted(plugin, create(pod(automountServiceAccountToken=False))))["spec"]


async def test_a_container_that_has_something_there_keeps_it() -> None:
    own = {"name": "c", "volumeMounts": [{"name": "mine", "mountPath": PATH}]}
    spec = (await admitted(ServiceAccount(needs(account())), create(pod(containers=[own]))))["spec"]
    assert "volumes" not in spec and spec["containers"] == [own]


async def test_a_pod_that_was_admitted_before_is_left_as_it_is() -> None:
    plugin = ServiceAccount(needs(account()))
    once = await admitted(plugin, create(pod()))
    again = await admitted(plugin, create({**once, "spec": {**once["spec"]}}))
    assert again == once


async def test_pull_secrets_are_the_accounts_unless_the_pod_has_its_own() -> None:
    plugin = ServiceAccount(needs(account(imagePullSecrets=[{"name": "registry"}])))
    assert (await admitted(plugin, create(pod())))["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    own = [{"name": "mine"}]
    assert (await admitted(plugin, create(pod(imagePullSecrets=own))))["spec"]["imagePullSecrets"] == own


async def test_an_account_must_be_there() -> None:
    error = await refused(ServiceAccount(needs(account())), create(pod(serviceAccountName="builder")))
    assert str(error) == (
        'pods "web" is forbidden: error looking up service account default/builder: serviceaccount "builder" not found'
    )


async def test_the_default_account_of_a_new_namespace_is_waited_for() -> None:
    wanted = needs()
    naps = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            wanted.listers.put(account())  # type: ignore[attr-defined]

    plugin = ServiceAccount(wanted)
    plugin._sleep = sleep
    await admitted(plugin, create(pod()))
    assert naps == [0.1] * 3


MIRROR = {"kubernetes.io/config.mirror": "hash"}


def mirror(**spec: object) -> Object:
    made = pod(**spec)
    made["metadata"]["annotations"] = MIRROR
    return made


TOKEN = [{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({"serviceAccountName": "x"}, "a mirror pod may not reference service accounts"),
        ({"volumes": [{"secret": {"secretName": "s"}}]}, "a mirror pod may not reference secrets"),
        (
            {"ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]},
            "a mirror pod may not reference secrets",
        ),
        ({"volumes": TOKEN}, "a mirror pod may not use ServiceAccountToken volume projections"),
    ],
)
async def test_a_mirror_pod_refers_to_nothing(spec: dict[str, object], complaint: str) -> None:
    error = await refused(ServiceAccount(needs(account())), create(mirror(**spec)))
    assert str(error) == f'pods "web" is forbidden: {complaint}'


async def test_a_mirror_pod_gets_no_token() -> None:
    assert "volumes" not in (await admitted(ServiceAccount(needs()), create(mirror())))["spec"]


def enforcing() -> ServiceAccount:
    made = account(secrets=[{"name": "mine"}], imagePullSecrets=[{"name": "pull"}])
    made["metadata"]["annotations"] = {ENFORCE: "true"}
    return ServiceAccount(needs(made))


def with_secret(how: str, name: str) -> Object:
    if how == "env":
        return {"name": "c", "env": [{"name": "V", "valueFrom": {"secretKeyRef": {"name": name, "key": "k"}}}]}
    return {"name": "c", "envFrom": [{"secretRef": {"name": name}}]}


@pytest.mark.parametrize(("how", "said"), [("env", "envVar V"), ("envFrom", "envFrom")])
@pytest.mark.parametrize(("field", "kind"), [("containers", "container"), ("initContainers", "init container")])
async def test_an_enforcing_account_lets_use_its_own_secrets_only(how: str, said: str, field: str, kind: str) -> None:
    await admitted(enforcing(), create(pod(**{field: [with_secret(how, "mine")]})))
    error = await refused(enforcing(), create(pod(**{field: [with_secret(how, "other")]})))
    assert str(error) == (
        f'pods "web" is forbidden: {kind} c with {said} referencing secret.secretName="other" is not allowed because '
        "service account default does not reference that secret"
    )


@pytest.mark.parametrize("how", ["env", "envFrom"])
async def test_ephemeral_containers_are_no_way_around(how: str) -> None:
    old = pod(serviceAccountName="default")
    new = pod(serviceAccountName="default", ephemeralContainers=[with_secret(how, "other")])
    error = await refused(enforcing(), update(new, old, subresource="ephemeralcontainers"))
    assert "ephemeral container c with" in str(error)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"volumes": [{"secret": {"secretName": "other"}}]}, 'volume with secret.secretName="other"'),
        (
            {"volumes": [{"projected": {"sources": [{"secret": {"name": "other"}}]}}]},
            'volume with projected secret.name="other"',
        ),
        ({"imagePullSecrets": [{"name": "pull"}, {"name": "other"}]}, 'imagePullSecrets[1].name="other"'),
    ],
)
async def test_volumes_and_pull_secrets_are_looked_at(spec: dict[str, object], said: str) -> None:
    assert said in str(await refused(enforcing(), create(pod(**spec))))


@given(st.lists(st.sampled_from([PATH, "/data"]), max_size=3), st.integers(0, 5))
def test_mounting_twice_is_mounting_once(paths: list[str], others: int) -> None:
    container = {"name": "c", "volumeMounts": [{"name": "v", "mountPath": path} for path in paths]}
    spec: Object = {"containers": [container], "volumes": [{"name": f"v{number}"} for number in range(others)]}
    mount_token(spec, Random(0))
    once = repr(spec)
    mount_token(spec, Random(1))
    assert repr(spec) == once
    assert [mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]].count(PATH) == max(
        1, paths.count(PATH)
    )
