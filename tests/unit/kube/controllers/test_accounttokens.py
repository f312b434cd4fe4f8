import base64

from tests.unit.kube.controllers.harness import SECRETS, after, clock_of, names, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.accounts import ACCOUNTS
from wherry.kube.controllers.accounttokens import ACCOUNT_NAME, ACCOUNT_UID, TYPE, AccountTokens
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Controller]:
    reconciler = AccountTokens(needs, "PEM", lambda secret, account: f"token of {account['metadata']['name']}/{secret}")
    return [Controller(reconciler, needs.clock)]


def client_of(*objects: Object) -> FakeClient:
    client = FakeClient(*objects)
    client.fields[SECRETS.group_resource] = lambda secret: {"type": secret.get("type", "")}
    return client


def secret(name: str = "s", account: str = "builder", **more: object) -> Object:
    annotations = {ACCOUNT_NAME: account} if account else {}
    annotations |= more.pop("annotations", {})  # type: ignore[arg-type]
    return obj("Secret", name, metadata={"annotations": annotations}, type=TYPE, **more)


def decoded(found: Object) -> dict[str, str]:
    return {name: base64.b64decode(value).decode() for name, value in found["data"].items()}


async def test_a_secret_is_filled_with_a_token_of_its_account() -> None:
    client = client_of(obj("ServiceAccount", "builder"), secret())
    await after(client, make)
    found = client.find(SECRETS, "s", "default")
    assert found
    assert decoded(found) == {"ca.crt": "PEM", "namespace": "default", "token": "token of builder/s"}
    assert found["metadata"]["annotations"][ACCOUNT_UID] == "uid-builder"


async def test_what_has_a_token_keeps_it_and_gets_the_current_authority() -> None:
    data = {"token": base64.b64encode(b"mine").decode(), "ca.crt": base64.b64encode(b"old").decode()}
    client = client_of(obj("ServiceAccount", "builder"), secret(data=data))
    await after(client, make)
    found = client.find(SECRETS, "s", "default")
    assert found and decoded(found)["token"] == "mine" and decoded(found)["ca.crt"] == "PEM"


async def test_a_secret_of_no_account_or_of_an_earlier_one_goes() -> None:
    client = client_of(
        obj("ServiceAccount", "builder"),
        secret("orphan", "nobody"),
        secret("earlier", annotations={ACCOUNT_UID: "old"}),
        secret("mute", ""),
        obj("Secret", "other", type="Opaque", metadata={"annotations": {ACCOUNT_NAME: "nobody"}}),
    )
    await after(client, make)
    assert names(client, SECRETS) == ["other"]


async def test_it_goes_with_its_account() -> None:
    client = client_of(obj("ServiceAccount", "builder"), secret())
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.delete(ACCOUNTS, "builder", "default")
        await clock_of(client).advance(1)
    assert names(client, SECRETS) == []
