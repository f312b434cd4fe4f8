import base64

import pytest

from tests.unit.kube.controllers.harness import SECRETS, clock_of, names, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.bootstraptokens import TYPE, BootstrapTokenCleaner
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Controller]:
    return [Controller(BootstrapTokenCleaner(needs), needs.clock)]


def token(name: str, expiration: str | None, namespace: str = "kube-system", type: str = TYPE) -> Object:
    data = {} if expiration is None else {"expiration": base64.b64encode(expiration.encode()).decode()}
    return obj("Secret", name, namespace, type=type, data=data)


async def test_a_token_goes_when_it_expires_and_not_before() -> None:
    client = FakeClient(
        token("soon", "2026-01-01T00:10:00Z"), token("late", "2026-01-02T00:00:00Z"), token("never", None),
        token("elsewhere", "2020-01-01T00:00:00Z", "default"), token("other", "2020-01-01T00:00:00Z", type="Opaque"),
        token("past", "2020-01-01T00:00:00+01:00"),
    )  # fmt: skip
    client.fields[SECRETS.group_resource] = lambda secret: {"type": secret.get("type", "")}
    async with running(client, make):
        await clock_of(client).advance(60)
        assert names(client, SECRETS) == ["elsewhere", "late", "never", "other", "soon"]
        await clock_of(client).advance(600)
        assert names(client, SECRETS) == ["elsewhere", "late", "never", "other"]
        await clock_of(client).advance(86400)
        assert names(client, SECRETS) == ["elsewhere", "never", "other"]


@pytest.mark.parametrize("expiration", ["tomorrow", ""])
async def test_one_that_cannot_be_read_is_no_token_for_ever(expiration: str) -> None:
    secret = token("odd", "x")
    secret["data"]["expiration"] = base64.b64encode(expiration.encode()).decode() if expiration else "%%%"
    client = FakeClient(secret)
    client.fields[SECRETS.group_resource] = lambda secret: {"type": secret.get("type", "")}
    async with running(client, make):
        await clock_of(client).advance(1)
    assert names(client, SECRETS) == []
