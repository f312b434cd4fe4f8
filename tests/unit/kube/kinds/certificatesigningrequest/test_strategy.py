"""Rules of CertificateSigningRequests, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made, said, with_status
from tests.unit.kube.kinds.signing.examples import base64_of, certificate, request
from wherry.kube.kinds.certificatesigningrequest import KIND
from wherry.kube.kinds.model import Context
from wherry.kube.machinery.model import Object

WHEN = "2026-01-02T03:04:05Z"
CONFLICT = "Approved and Denied conditions are mutually exclusive"


def asked(**fields: Any) -> Object:
    good = {"request": base64_of(request()), "signerName": "example.com/a", "usages": ["client auth"]}
    return {**good, **fields}


def held(*kinds: str, status: str = "True") -> list[Object]:
    return [{"type": kind, "status": status} for kind in kinds]


def test_who_asks_is_what_the_server_knows() -> None:
    obj: Object = {
        "metadata": {"name": "a"},
        "spec": asked(username="root", groups=["system:masters"], extra={"x": []}),
    }
    context = Context(NOW, "me", uid="u", groups=("g",), extra={"scopes": ["s"]})
    KIND.strategy.prepare_create(obj, context)
    assert {name: obj["spec"].get(name) for name in ("username", "uid", "groups", "extra")} == {
        "username": "me", "uid": "u", "groups": ["g"], "extra": {"scopes": ["s"]},
    }  # fmt: skip
    KIND.strategy.prepare_create(obj, Context(NOW))
    assert not obj["spec"].keys() & {"username", "uid", "groups", "extra"}


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({}, []),
        ({"expirationSeconds": 600}, []),
        ({"request": "eA=="}, ['spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST']),
        ({"usages": []}, ["spec.usages: Required value"]),
        ({"usages": ["any", "any"]}, ['spec.usages[1]: Duplicate value: "any"']),
        ({"signerName": ""}, ["spec.signerName: Required value"]),
        ({"signerName": "kubernetes.io/legacy-unknown"},
         ['spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via '
          "this API version"]),
        ({"expirationSeconds": 599},
         ["spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)"]),
    ],
)  # fmt: skip
def test_what_is_wrong(change: Object, errors: list[str]) -> None:
    assert created(KIND, spec=asked(**change)) == errors


def test_usages_are_known() -> None:
    (error,) = created(KIND, spec=asked(usages=["cooking"]))
    assert error.startswith('spec.usages[0]: Unsupported value: "cooking": supported values: "any", "cert sign", ')


def test_a_request_never_changes() -> None:
    old = made(KIND, spec=asked())
    obj = {**old, "spec": asked(usages=["any"])}
    KIND.strategy.prepare_update(obj, old, Context(NOW))
    assert obj["spec"] == old["spec"]


@pytest.mark.parametrize(
    ("conditions", "errors"),
    [
        (held("Approved"), []),
        (held("Denied"), []),
        (held("Approved", "Denied"), [f'status.conditions: Invalid value: "Denied": {CONFLICT}']),
        (held("Approved", "Approved"), ['status.conditions[1].type: Duplicate value: "Approved"']),
        (held("Approved", status="False"),
         ['status.conditions[0].status: Unsupported value: "False": supported values: "True"']),
        (held("Other", status=""), ["status.conditions[0].status: Required value"]),
        (held(""), ["status.conditions[0].type: Required value"]),
    ],
)  # fmt: skip
def test_an_approval(conditions: list[Object], errors: list[str]) -> None:
    old = made(KIND, spec=asked())
    assert changed(KIND, old, "approval", status={"conditions": conditions}) == errors


def test_an_approval_changes_nothing_else() -> None:
    old = {**made(KIND, spec=asked()), "status": {"certificate": "x"}}
    obj = {**old, "status": {"certificate": "y", "conditions": held("Approved")}}
    KIND.strategy.prepare_update(obj, old, Context(NOW, subresource="approval"))
    times = {"lastUpdateTime": WHEN, "lastTransitionTime": WHEN}
    assert obj["status"] == {"certificate": "x", "conditions": [{**held("Approved")[0], **times}]}


def test_an_approval_is_not_taken_back() -> None:
    old = {**made(KIND, spec=asked()), "status": {"conditions": held("Approved")}}
    assert changed(KIND, old, "approval", status={"conditions": []}) == [
        'status.conditions: Forbidden: updates may not remove a condition of type "Approved"'
    ]


def test_a_signer_does_not_approve() -> None:
    old = made(KIND, spec=asked())
    assert with_status(KIND, old, conditions=held("Approved")) == [
        'status.conditions: Forbidden: updates may not add a condition of type "Approved"'
    ]
    approved = {**old, "status": {"conditions": [{**held("Approved")[0], "reason": "me"}]}}
    obj = {**approved, "status": {"conditions": [{**held("Approved")[0], "reason": "other"}]}}
    KIND.strategy.prepare_status_update(obj, approved, Context(NOW))
    assert obj["status"]["conditions"][0]["reason"] == "me"


def test_a_signer_issues_once() -> None:
    old = made(KIND, spec=asked())
    issued, again = base64_of(certificate()), base64_of(certificate(2))
    assert with_status(KIND, old, certificate=issued) == []
    assert with_status(KIND, {**old, "status": {"certificate": issued}}, certificate=again) == [
        "status.certificate: Forbidden: updates may not modify existing certificate content"
    ]
    assert with_status(KIND, old, certificate="eA==") == [
        'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block'
    ]


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({}, "Pending"),
        ({"conditions": held("Approved")}, "Approved"),
        ({"conditions": held("Denied")}, "Denied"),
        ({"conditions": held("Approved", "Failed")}, "Approved,Failed"),
        ({"conditions": held("Approved"), "certificate": "x"}, "Approved,Issued"),
    ],
)
def test_what_is_shown(status: Object, shown: str) -> None:
    obj = {**made(KIND, spec=asked(expirationSeconds=3600)), "status": status}
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("a", "2m5s", "example.com/a", "", "60m", shown)
    assert KIND.fields(obj)["spec.signerName"] == "example.com/a"
    assert said(KIND.strategy.validate(obj, Context(NOW))) == []
