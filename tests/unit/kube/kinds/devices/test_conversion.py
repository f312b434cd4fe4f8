"""Between v1 and v1beta1 of claims."""

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kinds.devices.examples import claim, exactly, request
from wherry.kube.kinds.devices.conversion import to_v1, to_v1beta1
from wherry.kube.kinds.resourceclaim import KIND
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.conform import conform


def test_what_is_below_exactly_is_a_part_of_the_request_there() -> None:
    spec = claim(request())
    to_v1beta1(spec)
    assert spec == claim({"name": "one", **exactly()})
    to_v1(spec)
    assert spec == claim(request())


def test_a_request_of_nothing_is_one_of_something_unknown() -> None:
    spec = claim({"name": "one"})
    to_v1(spec)
    assert spec == claim({"name": "one", "exactly": {}})


FIELDS = st.fixed_dictionaries(
    {"deviceClassName": st.just("gpu")},
    optional={
        "allocationMode": st.sampled_from(("All", "ExactCount")),
        "count": st.integers(1, 9),
        "selectors": st.just([{"cel": {"expression": "true"}}]),
        "tolerations": st.just([{"operator": "Exists"}]),
        "capacity": st.just({"requests": {"memory": "1Gi"}}),
    },
)
REQUESTS = st.one_of(
    st.builds(
        lambda fields, admin: {"name": "one", "exactly": {**fields, "adminAccess": admin}}, FIELDS, st.booleans()
    ),
    st.builds(lambda fields: {"name": "two", "firstAvailable": [{"name": "a", **fields}]}, FIELDS),
)


@given(st.lists(REQUESTS, max_size=4))
def test_every_claim_survives_the_way_and_back(requests: list[Object]) -> None:
    spec: Object = {"devices": {"requests": deepcopy(requests)}}
    to_v1beta1(spec)
    assert conform({"spec": spec}, KIND.schema("v1beta1")) == []
    to_v1(spec)
    assert conform({"spec": spec}, KIND.schema("v1")) == []
    assert spec == {"devices": {"requests": requests}}
