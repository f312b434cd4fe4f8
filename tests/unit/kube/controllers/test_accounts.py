from tests.unit.kube.controllers.harness import MAPS, SPACES, after, clock_of, names, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.accounts import ACCOUNTS, ROOT_CA, DefaultAccounts, RootCertificates
from wherry.kube.controllers.frame import Controller, Needs


def make(needs: Needs) -> list[Controller]:
    return [
        Controller(DefaultAccounts(needs), needs.clock),
        Controller(RootCertificates(needs, "PEM"), needs.clock),
    ]


def space(name: str, **more: object) -> dict[str, object]:
    return obj("Namespace", name, "", spec={"finalizers": ["kubernetes"]}, **more)


async def test_every_namespace_has_an_account_and_an_authority() -> None:
    client = FakeClient(space("a"), space("b"))
    async with running(client, make):
        await client.create(SPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "c"}})
        await clock_of(client).advance(1)
    for namespace in "abc":
        assert client.find(ACCOUNTS, "default", namespace)
        published = client.find(MAPS, ROOT_CA, namespace)
        assert published and published["data"] == {"ca.crt": "PEM"}
        assert "kubernetes.io/description" in published["metadata"]["annotations"]


async def test_what_is_deleted_comes_back_and_what_is_changed_is_set_right() -> None:
    client = FakeClient(space("a"))
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.delete(ACCOUNTS, "default", "a")
        changed = client.find(MAPS, ROOT_CA, "a")
        assert changed
        await client.update(MAPS, {**changed, "data": {"ca.crt": "forged"}}, "a")
        await clock_of(client).advance(1)
    assert client.find(ACCOUNTS, "default", "a")
    assert (client.find(MAPS, ROOT_CA, "a") or {})["data"] == {"ca.crt": "PEM"}


async def test_a_namespace_that_ends_gets_nothing_more() -> None:
    client = FakeClient(space("a"))
    await client.delete(SPACES, "a")
    await after(client, make)
    assert names(client, ACCOUNTS) == [] and names(client, MAPS) == []


async def test_a_namespace_that_begins_to_end_meanwhile_is_no_error() -> None:
    client = FakeClient(space("a"))

    def end(call):  # type: ignore[no-untyped-def]
        if call.verb == "create":
            client.fault = lambda call: None
            ending = client.find(SPACES, "a")
            assert ending
            ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
            client.put(ending)

    client.fault = end
    await after(client, make)
    assert len([call for call in client.calls if call.verb == "create"]) <= 2
