"""Who asks a node, and whether they may."""

import time
from typing import Any

import pytest

from wherry.kit.errors import Forbidden, Unauthenticated, Unavailable
from wherry.kube.machinery import status
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.pki.der import pem_blocks
from wherry.kube.pki.making import Authority, make_authority
from wherry.kube.pki.model import Identity
from wherry.node.api.access import ALLOWED_SECONDS, DENIED_SECONDS, KEPT, TOKEN_SECONDS, Access, User
from wherry.node.api.attributes import Needed

GET = Needed("get", ("pods", "proxy"))
JANE = User("jane", ("dev", "system:authenticated"), "u1", {"scopes": ("a",)})


class Reviewer:
    """A client that answers reviews, as a test has it."""

    def __init__(self) -> None:
        self.asked: list[Object] = []
        self.allowed: set[str] = set()
        self.tokens: dict[str, Object] = {}
        self.fault: Exception | None = None

    async def create(self, resource: GroupVersionResource, obj: Object, *rest: Any, **more: Any) -> Object:
        if self.fault is not None:
            raise self.fault
        self.asked.append(obj)
        assert obj["apiVersion"] == f"{resource.group}/{resource.version}"
        if obj["kind"] == "TokenReview":
            user = self.tokens.get(obj["spec"]["token"])
            return {"status": {"authenticated": user is not None, "user": user or {}}}
        asked = obj["spec"]["resourceAttributes"]
        return {"status": {"allowed": asked["subresource"] in self.allowed}}


class Times:
    now = 1000.0


@pytest.fixture
def reviewer() -> Reviewer:
    return Reviewer()


@pytest.fixture
def access(reviewer: Reviewer) -> Access:
    return Access(reviewer, "n1", lambda: Times.now, time.time)  # type: ignore[arg-type]


async def test_nobody_is_nobody(access: Access) -> None:
    with pytest.raises(Unauthenticated):
        await access.who(b"", "")


async def test_a_certificate_names_its_user(access: Access) -> None:
    now = time.time()
    authority = Authority(make_authority(now))
    text = authority.client(Identity("x", "jane", ("dev",)), now)
    (der,) = pem_blocks(text, "CERTIFICATE")
    assert await access.who(der, "") == User("jane", ("dev", "system:authenticated"))
    late = Access(Reviewer(), "n1", lambda: 0.0, lambda: now + 400 * 86400)  # type: ignore[arg-type]
    for who, certificate in ((late, der), (access, b"no certificate")):
        with pytest.raises(Unauthenticated):
            await who.who(certificate, "")


async def test_a_token_is_reviewed_once_for_a_while(access: Access, reviewer: Reviewer) -> None:
    reviewer.tokens["good"] = {"username": "jane", "groups": list(JANE.groups), "uid": "u1", "extra": {"scopes": ["a"]}}
    assert await access.who(b"", "good") == JANE
    assert await access.who(b"", "good") == JANE
    assert len(reviewer.asked) == 1
    Times.now += TOKEN_SECONDS
    del reviewer.tokens["good"]
    with pytest.raises(Unauthenticated):
        await access.who(b"", "good")


async def test_a_token_that_is_not_good_is_asked_for_again(access: Access, reviewer: Reviewer) -> None:
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await access.who(b"certificate", "bad")
    assert len(reviewer.asked) == 2


async def test_the_first_right_that_is_there_will_do(access: Access, reviewer: Reviewer) -> None:
    reviewer.allowed = {"proxy"}
    await access.check(JANE, GET)
    (first, second) = (each["spec"] for each in reviewer.asked)
    assert first["resourceAttributes"] == {
        "verb": "get", "version": "v1", "resource": "nodes", "subresource": "pods", "name": "n1",
    }  # fmt: skip
    assert second["resourceAttributes"]["subresource"] == "proxy"
    assert (first["user"], first["groups"], first["uid"], first["extra"]) == (
        "jane", ["dev", "system:authenticated"], "u1", {"scopes": ["a"]},
    )  # fmt: skip


async def test_a_yes_is_remembered_for_long_and_a_no_for_a_moment(access: Access, reviewer: Reviewer) -> None:
    stats = Needed("get", ("stats",))
    with pytest.raises(Forbidden, match=r"user=jane, verb=get, resource=nodes, subresource\(s\)=\[stats\]"):
        await access.check(JANE, stats)
    reviewer.allowed = {"stats"}
    with pytest.raises(Forbidden):
        await access.check(JANE, stats)
    Times.now += DENIED_SECONDS
    await access.check(JANE, stats)
    reviewer.allowed = set()
    Times.now += ALLOWED_SECONDS - 1
    await access.check(JANE, stats)
    Times.now += 1
    with pytest.raises(Forbidden):
        await access.check(JANE, stats)


async def test_what_one_may_another_may_not(access: Access, reviewer: Reviewer) -> None:
    reviewer.allowed = {"stats"}
    await access.check(JANE, Needed("get", ("stats",)))
    await access.check(User("joe"), Needed("get", ("stats",)))
    await access.check(JANE, Needed("create", ("stats",)))
    assert len(reviewer.asked) == 3


@pytest.mark.parametrize("fault", [Unavailable("no answer"), status.internal_error("x")])
async def test_without_an_answer_nobody_may_anything(access: Access, reviewer: Reviewer, fault: Exception) -> None:
    reviewer.fault = fault
    with pytest.raises(Unavailable):
        await access.check(JANE, GET)
    with pytest.raises(Unavailable):
        await access.who(b"", "token")


async def test_no_more_is_remembered_than_there_is_room_for(access: Access, reviewer: Reviewer) -> None:
    reviewer.allowed = {"stats"}
    for number in range(KEPT + 10):
        await access.check(User(f"user-{number}"), Needed("get", ("stats",)))
    assert len(access._decisions._values) == KEPT
