"""The parameters are those that operations name."""

from tests.unit.kube.apiserver.openapi.custom_kind import ALL
from wherry.kube.apiserver.openapi import operations
from wherry.kube.apiserver.openapi.parameters import BY_NAME


def test_every_parameter_of_an_operation_is_described_and_no_other() -> None:
    used = {"pretty"}
    for kind in ALL:
        for operation in operations.of(kind, kind.versions[0]):
            used.update(operation.query, operation.path_parameters)
    assert used == set(BY_NAME)
    assert all(each.description for each in BY_NAME.values())
