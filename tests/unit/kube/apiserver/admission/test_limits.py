import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.apiserver.admission.limits import complaints
from wherry.kube.kinds.quotausage.amounts import parsed


def said(item: dict[str, object], request: str = "", limit: str = "", name: str = "cpu") -> list[str]:
    requests = parsed({name: request} if request else {})
    return list(complaints(item, requests, parsed({name: limit} if limit else {})))


MINIMUM = {"type": "Container", "min": {"cpu": "100m"}}
MAXIMUM = {"type": "Pod", "max": {"cpu": "1"}}
CLAIM = {"type": "PersistentVolumeClaim", "max": {"cpu": "1"}}
TWICE = "cpu max limit to request ratio per Container is 2"
RATIO = {"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}}


@pytest.mark.parametrize(
    ("item", "request_", "limit", "expected"),
    [
        (MINIMUM, "", "", "minimum cpu usage per Container is 100m.  No request is specified"),
        (MINIMUM, "50m", "", "minimum cpu usage per Container is 100m, but request is 50m"),
        (MINIMUM, "100m", "50m", "minimum cpu usage per Container is 100m, but limit is 50m"),
        (MINIMUM, "100m", "", None),
        (MAXIMUM, "", "", "maximum cpu usage per Pod is 1.  No limit is specified"),
        (MAXIMUM, "", "1500m", "maximum cpu usage per Pod is 1, but limit is 1500m"),
        (MAXIMUM, "2", "1", "maximum cpu usage per Pod is 1, but request is 2"),
        (MAXIMUM, "1", "1", None),
        (CLAIM, "", "5", "maximum cpu usage per PersistentVolumeClaim is 1.  No request is specified"),
        (CLAIM, "2", "", "maximum cpu usage per PersistentVolumeClaim is 1, but request is 2"),
        (RATIO, "", "1", f"{TWICE}, but no request is specified or request is 0"),
        (RATIO, "1", "", f"{TWICE}, but no limit is specified or limit is 0"),
        (RATIO, "1", "2500m", f"{TWICE}, but provided ratio is 2.500000"),
        (RATIO, "1", "2", None),
    ],
)  # fmt: skip
def test_a_bound_says_what_it_misses(item: dict[str, object], request_: str, limit: str, expected: str | None) -> None:
    assert said(item, request_, limit) == ([expected] if expected else [])


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_between_minimum_and_maximum_nothing_is_said(request: int, limit: int) -> None:
    item = {"type": "Container", "min": {"cpu": "1"}, "max": {"cpu": "3"}}
    fine = 1000 <= request <= 3000 and 1000 <= limit <= 3000
    assert (not said(item, f"{request}m", f"{limit}m")) == fine
