from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.podspec.sources import NEEDED, RULES
from wherry.kube.kinds.podspec.volumes import MORE_THAN_ONE, PORTAL_TOO_LONG, SOURCES, validate_volumes
from wherry.kube.machinery.fielderrors import Path

CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
EPHEMERAL = {"volumeClaimTemplate": {"spec": CLAIM}}


def wrong(*volumes: dict[str, Any], pod_name: str = "", is_pod: bool = True) -> list[str]:
    _, errors = validate_volumes(volumes, pod_name, Path("v"), is_pod=is_pod)
    return said(errors)


@pytest.mark.parametrize(
    ("volume", "errors"),
    [
        ({"name": "a", "emptyDir": {}}, []),
        ({"name": "a"}, ["v[0]: Required value: must specify a volume type"]),
        ({"emptyDir": {}}, ["v[0].name: Required value"]),
        ({"name": "a.b", "emptyDir": {}}, ['v[0].name: Invalid value: "a.b": must not contain dots']),
        ({"name": "a", "emptyDir": {}, "nfs": {}}, [f"v[0].nfs: Forbidden: {MORE_THAN_ONE}"]),
        ({"name": "a", "ephemeral": {}}, ["v[0].ephemeral.volumeClaimTemplate: Required value"]),
        ({"name": "a", "ephemeral": EPHEMERAL}, []),
        (
            {"name": "a", "image": {"pullPolicy": "Always"}},
            ["v[0].image.reference: Required value"],
        ),
    ],
)
def test_volumes(volume: dict[str, Any], errors: list[str]) -> None:
    assert wrong(volume) == errors


def test_names_are_used_once() -> None:
    assert wrong({"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}) == ['v[1].name: Duplicate value: "a"']


def test_the_valid_ones_are_given_back_by_name() -> None:
    good, bad = {"name": "a", "emptyDir": {}}, {"name": "b"}
    valid, _ = validate_volumes([good, bad], "", Path("v"), is_pod=False)
    assert valid == {"a": good}


def test_a_template_may_leave_the_image_to_others() -> None:
    volume = {"name": "a", "image": {"pullPolicy": "Always"}}
    assert wrong(volume, is_pod=False) == []


def test_the_claim_of_an_ephemeral_volume_is_its_own() -> None:
    claimed = {"name": "b", "persistentVolumeClaim": {"claimName": "p-a"}}
    assert wrong({"name": "a", "ephemeral": EPHEMERAL}, claimed, pod_name="p") == [
        'v[1].persistentVolumeClaim.claimName: Invalid value: "p-a": must not reference a PVC that gets created for '
        "an ephemeral volume"
    ]
    assert wrong({"name": "a", "ephemeral": EPHEMERAL}, claimed) == []


def test_the_claim_of_an_ephemeral_volume_has_a_name() -> None:
    name = "p" * 250
    (error,) = wrong({"name": "data", "ephemeral": EPHEMERAL}, pod_name=name)
    assert error == f'v[0].name: Invalid value: "data": PVC name "{name}-data": must be no more than 253 bytes'


def test_what_open_iscsi_cannot_hold_is_refused() -> None:
    source = {
        "targetPortal": "1" * 64,
        "iqn": "iqn.2001-04.com.example:a",
        "initiatorName": "iqn.2001-04.com.example:b",
    }
    assert wrong({"name": "a", "iscsi": source}) == [f'v[0].name: Invalid value: "a": {PORTAL_TOO_LONG}']


def test_every_source_is_known() -> None:
    others = {"projected", "ephemeral"}
    assert {*NEEDED, *RULES} | others == set(SOURCES)
