"""Rules of ServiceCIDRs, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.servicecidr import KIND


@pytest.mark.parametrize(
    ("cidrs", "errors"),
    [
        (["10.96.0.0/12"], []),
        (["10.96.0.0/12", "fd00::/108"], []),
        ([], ["spec.cidrs: Required value: at least one CIDR required"]),
        (["10.0.0.0/8", "11.0.0.0/8"],
         ['spec.cidrs: Invalid value: {"cidrs":["10.0.0.0/8","11.0.0.0/8"]}: may specify no more than one IP for each '
          "IP family, i.e 192.168.0.0/24 and 2001:db8::/64"]),
        (["10.0.0.0/8"] * 3,
         ['spec.cidrs: Invalid value: {"cidrs":["10.0.0.0/8","10.0.0.0/8","10.0.0.0/8"]}: may only hold up to 2 '
          "values"]),
        (["10.0.0.1/8"],
         ['spec.cidrs[0]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length']),
    ],
)  # fmt: skip
def test_what_is_wrong(cidrs: list[str], errors: list[str]) -> None:
    assert created(KIND, spec={"cidrs": cidrs}) == errors


def test_networks_never_change() -> None:
    old = made(KIND, spec={"cidrs": ["10.0.0.0/8"]})
    assert changed(KIND, old, spec={"cidrs": ["11.0.0.0/8"]}) == [
        'spec.cidrs: Invalid value: ["11.0.0.0/8"]: field is immutable'
    ]


def test_a_second_family_may_come_and_stays() -> None:
    old = made(KIND, spec={"cidrs": ["10.0.0.0/8"]})
    assert changed(KIND, old, spec={"cidrs": ["10.0.0.0/8", "fd00::/108"]}) == []
    assert changed(KIND, old, spec={"cidrs": ["10.0.0.0/8", "11.0.0.0/8"]}) != []
    both = made(KIND, spec={"cidrs": ["10.0.0.0/8", "fd00::/108"]})
    assert changed(KIND, both, spec={"cidrs": ["10.0.0.0/8"]}) == [
        'spec.cidrs: Invalid value: ["10.0.0.0/8"]: field is immutable'
    ]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec={"cidrs": ["10.0.0.0/8", "fd00::/108"]}), NOW) == (
        "a", "10.0.0.0/8,fd00::/108", "2m5s",
    )  # fmt: skip
