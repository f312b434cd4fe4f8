from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.service.clusterips import family_of, validate_cluster_ips, validate_cluster_ips_update

NOT_AN_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        ({"clusterIP": "10.96.0.5", "clusterIPs": ["10.96.0.5"], "ipFamilies": ["IPv4"]}, []),
        ({"clusterIP": "None", "clusterIPs": ["None"], "ipFamilies": ["IPv6"]}, []),
        ({"clusterIP": "10.96.0.5"}, ["spec.clusterIPs: Required value"]),
        (
            {"clusterIPs": ["10.96.0.5"]},
            ['spec.clusterIPs: Invalid value: ["10.96.0.5"]: must be empty when `clusterIP` is not specified'],
        ),
        (
            {"clusterIP": "10.96.0.6", "clusterIPs": ["10.96.0.5"]},
            ['spec.clusterIPs: Invalid value: ["10.96.0.5"]: first value must match `clusterIP`'],
        ),
        (
            {"clusterIP": "x", "clusterIPs": ["x"]},
            [f'spec.clusterIPs[0]: Invalid value: "x": {NOT_AN_IP}'],
        ),
        (
            {"clusterIP": "None", "clusterIPs": ["None", "10.96.0.5"]},
            ['spec.clusterIPs: Invalid value: ["None","10.96.0.5"]: \'None\' must be the first and only value'],
        ),
        (
            {"clusterIP": "10.96.0.5", "clusterIPs": ["10.96.0.5", "10.96.0.6"]},
            [
                'spec.clusterIPs: Invalid value: ["10.96.0.5","10.96.0.6"]: may specify no more than one IP for each '
                "IP family"
            ],
        ),
        (
            {"clusterIP": "10.96.0.5", "clusterIPs": ["10.96.0.5"], "ipFamilies": ["IPv6"]},
            ['spec.clusterIPs[0]: Invalid value: "10.96.0.5": expected an IPv6 value as indicated by `ipFamilies[0]`'],
        ),
        (
            {"ipFamilies": ["IPv5", "IPv5"]},
            [
                'spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"',
                'spec.ipFamilies[1]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"',
                'spec.ipFamilies[1]: Duplicate value: "IPv5"',
            ],
        ),
        (
            {"ipFamilyPolicy": "Any"},
            [
                'spec.ipFamilyPolicy: Unsupported value: "Any": supported values: "PreferDualStack", '
                '"RequireDualStack", "SingleStack"'
            ],
        ),
    ],
)
def test_addresses_and_families(spec: dict[str, Any], errors: list[str]) -> None:
    assert said(validate_cluster_ips(spec)) == errors
    assert validate_cluster_ips({**spec, "type": "ExternalName"}) == []


FOUR = {"clusterIPs": ["10.96.0.5"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
BOTH = {
    "clusterIPs": ["10.96.0.5", "fd00::5"],
    "ipFamilies": ["IPv4", "IPv6"],
    "ipFamilyPolicy": "PreferDualStack",
}


@pytest.mark.parametrize(
    ("before", "after", "errors"),
    [
        (FOUR, FOUR, []),
        (FOUR, BOTH, []),
        (BOTH, FOUR, []),
        (
            FOUR,
            {**FOUR, "clusterIPs": ["10.96.0.6"]},
            ['spec.clusterIPs[0]: Invalid value: ["10.96.0.6"]: may not change once set'],
        ),
        (
            FOUR,
            {**FOUR, "clusterIPs": ["None"]},
            ['spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set'],
        ),
        (
            FOUR,
            {**FOUR, "ipFamilies": ["IPv6"]},
            ['spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set'],
        ),
        (
            FOUR,
            {**FOUR, "clusterIPs": []},
            ["spec.clusterIPs[0]: Invalid value: []: primary clusterIP can not be unset"],
        ),
        (
            BOTH,
            {**FOUR, "ipFamilyPolicy": "PreferDualStack"},
            [
                "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing "
                "the secondary clusterIP",
                "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing "
                "the secondary ipFamily",
            ],
        ),
    ],
)
def test_the_first_address_stays(before: dict[str, Any], after: dict[str, Any], errors: list[str]) -> None:
    assert said(validate_cluster_ips_update(after, before)) == errors
    assert validate_cluster_ips_update({**after, "type": "ExternalName"}, before) == []


def test_families_of_addresses() -> None:
    assert [family_of(ip) for ip in ("10.96.0.1", "fd00::1")] == ["IPv4", "IPv6"]
