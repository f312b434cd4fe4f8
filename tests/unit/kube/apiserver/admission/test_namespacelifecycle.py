import pytest

from tests.unit.kube.apiserver.admission.asking import (
    NOW,
    admitted,
    create,
    delete,
    namespace,
    needs,
    pod,
    refused,
    update,
)
from wherry.kube.apiserver.admission.namespacelifecycle import NamespaceLifecycle
from wherry.kube.machinery.model import Object


def ending() -> Object:
    obj = namespace()
    obj["metadata"]["deletionTimestamp"] = NOW.isoformat()
    obj["status"] = {"phase": "Terminating"}
    return obj


async def test_nothing_is_made_in_a_namespace_that_is_not_there() -> None:
    error = await refused(NamespaceLifecycle(needs()), create(pod()))
    assert error.code == 404 and str(error) == 'namespaces "default" not found'


async def test_a_namespace_that_the_cache_has_not_seen_yet_is_looked_up() -> None:
    await admitted(NamespaceLifecycle(needs(behind=(namespace(),))), create(pod()))


async def test_nothing_is_made_in_a_namespace_that_is_ending() -> None:
    plugin = NamespaceLifecycle(needs(ending()))
    error = await refused(plugin, create(pod()))
    assert str(error) == (
        'pods "web" is forbidden: unable to create new content in namespace default because it is being terminated'
    )
    assert error.details["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": "namespace default is being terminated",
            "field": "metadata.namespace",
        }
    ]
    await admitted(plugin, update(pod(), pod()))
    await admitted(plugin, delete(pod()))


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
async def test_three_are_never_deleted(name: str) -> None:
    error = await refused(NamespaceLifecycle(needs(namespace(name))), delete(namespace(name)))
    assert str(error) == f'namespaces "{name}" is forbidden: this namespace may not be deleted'


async def test_others_are_and_what_has_no_namespace_is_left_alone() -> None:
    plugin = NamespaceLifecycle(needs())
    await admitted(plugin, delete(namespace("mine")))
    await admitted(plugin, create(namespace("new")))
    await admitted(plugin, create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}))
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "LocalSubjectAccessReview"}
    await admitted(plugin, create({**review, "metadata": {"namespace": "nowhere"}}))
