import msgspec
import pytest

from tests.unit.kube.apiserver.admission.asking import admitted, create, delete, refused, update
from wherry.kube.apiserver.admission.customlifecycle import CustomResourceLifecycle
from wherry.kube.apiserver.model import AdmissionRequest
from wherry.kube.machinery.model import Object

WIDGET: Object = {
    "apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "default"},
}  # fmt: skip


def ending(request: AdmissionRequest) -> AdmissionRequest:
    request.kind = msgspec.structs.replace(request.kind, is_ending=True)
    return request


async def test_nothing_is_made_while_the_definition_goes() -> None:
    error = await refused(CustomResourceLifecycle(), ending(create(WIDGET)))
    assert error.code == 403
    assert str(error) == (
        'widgets.example.com "w" is forbidden: create not allowed while custom resource definition is terminating'
    )


@pytest.mark.parametrize("request_", [update(WIDGET, WIDGET), delete(WIDGET)], ids=["update", "delete"])
async def test_what_is_there_may_be_changed_and_deleted(request_: AdmissionRequest) -> None:
    await admitted(CustomResourceLifecycle(), ending(request_))


async def test_of_others_all_is_made() -> None:
    await admitted(CustomResourceLifecycle(), create(WIDGET))
