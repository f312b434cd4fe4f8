"""The Endpoints object of a service."""

from tests.unit.kube.controllers.endpoints.test_plan import ADMIN, SERVICE_OBJECT, endpoint
from wherry.kube.controllers.endpoints.legacy import MOST, document


def test_ready_and_other_addresses_stand_apart() -> None:
    made = document(SERVICE_OBJECT, [endpoint(1), endpoint(2, ready=False)], None)
    assert made is not None
    (subset,) = made["subsets"]
    assert [each["ip"] for each in subset["addresses"]] == ["10.0.0.2"]
    assert [each["ip"] for each in subset["notReadyAddresses"]] == ["10.0.0.3"]
    assert subset["ports"] == [{"port": 80, "protocol": "TCP", "name": "http"}]


def test_other_ports_are_another_subset() -> None:
    made = document(SERVICE_OBJECT, [endpoint(1), endpoint(2, ADMIN)], None)
    assert made is not None and len(made["subsets"]) == 2


def test_a_pod_without_any_of_the_ports_is_not_there() -> None:
    misspelt = {**SERVICE_OBJECT, "spec": {"ports": [{"port": 80, "targetPort": "htpp"}]}}
    made = document(misspelt, [endpoint(1), endpoint(2, ())], None)
    assert made is not None
    assert [[each["ip"] for each in subset["addresses"]] for subset in made["subsets"]] == [["10.0.0.2"]]
    headless = {**SERVICE_OBJECT, "spec": {"clusterIP": "None"}}
    made = document(headless, [endpoint(2, ())], None)
    assert made is not None and [each["ip"] for each in made["subsets"][0]["addresses"]] == ["10.0.0.3"]


def test_what_is_so_already_is_not_written() -> None:
    made = document(SERVICE_OBJECT, [endpoint(1)], None)
    assert document(SERVICE_OBJECT, [endpoint(1)], made) is None
    assert document(SERVICE_OBJECT, [endpoint(1), endpoint(2)], made) is not None


def test_there_is_an_end_to_addresses() -> None:
    made = document(SERVICE_OBJECT, [endpoint(number) for number in range(MOST + 5)], None)
    assert made is not None
    assert sum(len(each["addresses"]) for each in made["subsets"]) == MOST
    assert made["metadata"]["annotations"]["endpoints.kubernetes.io/over-capacity"] == "truncated"
    fewer = document(SERVICE_OBJECT, [endpoint(1)], made)
    assert fewer is not None and fewer["metadata"]["annotations"] == {}
