"""Who is known from the request before, and when not any more. Each test asks on one connection."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from multidict import CIMultiDict, CIMultiDictProxy

from tests.unit.kube.apiserver.authn.keys import ACCOUNT, KEY, NODE, NOW, POD, SECRET, Clock, claims, trust
from tests.unit.kube.apiserver.authn.test_certificates import certificate
from tests.unit.kube.apiserver.authz.objects import binding, role, rule
from wherry.kube.apiserver.authn.jose import KeySet
from wherry.kube.apiserver.authn.standard import standard as authentication
from wherry.kube.apiserver.authz.standard import standard as authorization
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.gate import Claims, Gate
from wherry.kube.apiserver.model import Attributes, Credentials, Identity, User
from wherry.kube.apiserver.requestinfo import parse
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

PATH = "/api/v1/namespaces/a/pods/web"
ROBOT = "ServiceAccount:a/robot"


@dataclass
class Connection:
    """One that requests come by."""

    certificate: bytes = b""
    client: Any = None


class Counting:
    """Counts how often it is looked into who asks."""

    def __init__(self, authenticator: Any) -> None:
        self.count = 0
        self._authenticator = authenticator

    def authenticate(self, credentials: Credentials) -> Identity | None:
        self.count += 1
        found: Identity | None = self._authenticator.authenticate(credentials)
        return found


class Place:
    """The gate of a server, and one connection to it."""

    def __init__(self, certificate: bytes = b"") -> None:
        self.clock = Clock()
        self.caches = FakeListers(ACCOUNT, POD, NODE, SECRET)
        self.authenticator = Counting(authentication(trust(), self.caches, self.clock).authenticator)
        self.authorization = authorization(self.caches)
        self.gate = Gate(self.authenticator, self.authorization.authorizer, self.authorization.grants)
        self.connection = Connection(certificate)

    def who(self, token: str = "", path: str = PATH, **headers: str) -> User:
        fields = [("Host", "x"), *(((("Authorization", f"Bearer {token}")),) if token else ())]
        fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
        return self.gate.user(Claims.of(CIMultiDictProxy(CIMultiDict(fields))), self.connection, path)

    def may(self, user: User, method: str, path: str = PATH) -> bool:
        try:
            self.gate.allow(user, parse(method, path, {}), {})
        except StatusError as error:
            assert error.code == 403
            return False
        return True


@pytest.fixture
def place() -> Place:
    return Place()


def signed(**changes: Any) -> str:
    return KeySet((KEY,)).sign(msgspec.json.encode(claims(**changes)))


def to(**references: dict[str, str]) -> dict[str, Any]:
    own = {"namespace": "a", "serviceaccount": {"name": "robot", "uid": "sa-1"}}
    return {"kubernetes.io": {**own, **references}}


def refused(place: Place, token: str = "", code: int = 401, **headers: str) -> None:
    with pytest.raises(StatusError) as caught:
        place.who(token, **headers)
    assert caught.value.code == code


def with_meta(obj: Object, **meta: str) -> Object:
    return {**obj, "metadata": {**obj["metadata"], **meta}}


def test_who_asks_again_is_known(place: Place) -> None:
    token = signed()
    users = [place.who("".join(token)) for _ in range(3)]
    assert users[0].name == "system:serviceaccount:a:robot"
    assert users[1] is users[0] and users[2] is users[0]
    assert place.authenticator.count == 1


def test_another_token_is_somebody_else_and_a_wrong_one_nobody(place: Place) -> None:
    first, other = signed(), signed(jti="id-2")
    one = place.who(first)
    assert place.who(other).extra != one.extra
    assert place.who(first).extra == one.extra
    for wrong in (first[:-2] + "xx", first + "x", "", "x"):
        refused(place, wrong)
        assert place.who(first).extra == one.extra


def test_what_another_connection_has_brought_is_not_known_here(place: Place) -> None:
    place.who(signed())
    place.connection = Connection()
    refused(place)


def test_nobody_is_not_remembered(place: Place) -> None:
    """Whether who says nothing may come in, hangs on the path."""
    assert place.who(path="/livez").name == "system:anonymous"
    refused(place)


SECRETS = to(secret={"name": "key", "uid": "secret-1"})
NODES = to(node={"name": "n1", "uid": "node-1"})


@pytest.mark.parametrize(
    ("bound", "obj"),
    [(to(), ACCOUNT), ({}, ACCOUNT), ({}, POD), (SECRETS, SECRET), (SECRETS, ACCOUNT), (NODES, NODE), (NODES, ACCOUNT)],
)
@pytest.mark.parametrize(
    "end",
    [
        lambda place, obj: place.caches.remove(obj),
        lambda place, obj: place.caches.put(with_meta(obj, uid="another")),
        lambda place, obj: place.caches.put(with_meta(obj, deletionTimestamp="2000-01-01T00:00:00Z")),
    ],
    ids=["gone", "another of its name", "deleted long ago"],
)
def test_a_token_ends_at_once_with_what_it_is_bound_to(
    place: Place, bound: dict[str, Any], obj: Object, end: Callable[[Place, Object], None]
) -> None:
    token = signed(**bound)
    user = place.who(token)
    place.caches.put(with_meta(POD, name="other", uid="other"), with_meta(obj, resourceVersion="9"))
    assert place.who(token) == user

    end(place, obj)
    refused(place, token)
    refused(place, token)
    place.caches.put(obj)
    assert place.who(token) == user


def test_who_is_on_its_way_out_for_a_minute_is_gone_though_nothing_changes(place: Place) -> None:
    token = signed()
    when = datetime.fromtimestamp(NOW, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    place.caches.put(with_meta(ACCOUNT, deletionTimestamp=when))
    for seconds in (0, 59, 60):
        place.clock.now = NOW + seconds
        assert place.who(token).name == "system:serviceaccount:a:robot"
    place.clock.now = NOW + 61
    refused(place, token)


def test_a_token_ends_on_time_and_does_not_begin_before(place: Place) -> None:
    token = signed(exp=NOW + 5)
    place.who(token)
    for now, is_good in ((NOW + 4.9, True), (NOW + 5, False), (NOW - 60, True), (NOW - 61, False), (NOW, True)):
        place.clock.now = now
        if is_good:
            place.who(token)
        else:
            refused(place, token)


def test_a_signature_is_verified_again_after_a_while(place: Place) -> None:
    token = signed()
    for seconds, count in ((0, 1), (9.9, 1), (10, 2), (19.9, 2), (20, 3)):
        place.clock.now = NOW + seconds
        place.who(token)
        assert place.authenticator.count == count


@pytest.mark.parametrize("away", [-600, 366 * 86400])
def test_a_certificate_is_known_in_its_time_alone(away: float) -> None:
    place = Place(certificate("alice", "devs"))
    users = [place.who() for _ in range(3)]
    assert users[0].name == "alice" and users[2] is users[0] and place.authenticator.count == 1

    place.clock.now += away
    refused(place)
    place.clock.now = NOW
    assert place.who() == users[0]


def test_the_certificate_decides_whatever_token_comes_beside(place: Place) -> None:
    place.connection = Connection(certificate("alice"))
    assert [place.who(token).name for token in (signed(), "x", signed(), "")] == ["alice"] * 4


def test_a_token_beside_a_certificate_without_a_name_ends_with_it() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters")])
    begin, end = (datetime.fromtimestamp(NOW + each, UTC) for each in (-10, 5))
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin).not_valid_after(end).sign(key, hashes.SHA256())
    )  # fmt: skip
    place, token = Place(made.public_bytes(serialization.Encoding.DER)), signed()
    assert place.who(token).name == "system:serviceaccount:a:robot"
    place.clock.now += 4
    assert place.who(token).name == "system:serviceaccount:a:robot"
    place.clock.now += 2
    refused(place, token)


@pytest.mark.parametrize("header", ["Impersonate_User", "IMPERSONATE_USER", "impersonate_user"])
def test_who_is_impersonated_is_it_for_that_request_alone(place: Place, header: str) -> None:
    token = signed()
    own = place.who(token)
    refused(place, token, 403, **{header: "bob"})
    refused(place, token, 400, **{"Impersonate_Extra_x": "bob"})
    place.caches.put(role("i", rule("impersonate", "users")), binding("i", "ClusterRole", "i", ROBOT))
    assert place.who(token, **{header: "bob"}).name == "bob"
    assert place.who(token) is own
    assert place.who(token, X_Impersonate_User="bob") is own


PODS = role("r", rule("get", "pods"))
EVERYBODY = binding("b", "ClusterRole", "r", ROBOT)


def test_a_right_ends_at_once_with_its_role_and_its_binding(place: Place) -> None:
    here = role("r", rule("get", "pods"), namespace="a")
    to_here = binding("b", "Role", "r", ROBOT, namespace="a")
    user = place.who(signed())
    for made, bound in ((PODS, EVERYBODY), (here, to_here)):
        for end in (made, bound):
            assert not place.may(user, "GET")
            place.caches.put(made, bound)
            assert [place.may(user, "GET") for _ in range(3)] == [True] * 3
            place.caches.remove(end)
            assert not place.may(user, "GET")
        place.caches.put(bound)
        place.caches.remove(made if end is bound else bound)


def test_a_right_that_is_known_is_no_other_right(place: Place) -> None:
    user, other = place.who(signed()), User("bob", ("system:authenticated",))
    place.caches.put(role("r", rule("get", "pods"), namespace="a"), binding("b", "Role", "r", ROBOT, namespace="a"))
    assert place.may(user, "GET") and place.may(user, "GET", PATH + "2")
    assert not place.may(other, "GET")
    for method, path in (
        ("PUT", PATH), ("GET", PATH + "/log"), ("GET", PATH.replace("/a/", "/b/")), ("GET", "/api/v1/pods/web"),
        ("GET", PATH.replace("pods", "secrets")), ("GET", PATH.replace("/api/", "/apis/apps/")), ("GET", "/api/v1"),
    ):  # fmt: skip
        assert not place.may(user, method, path), (method, path)


def test_a_right_to_one_name_is_none_to_the_next(place: Place) -> None:
    user = place.who(signed())
    place.caches.put(role("r", rule("get", "pods", names="web")), EVERYBODY)
    for _ in range(2):
        assert place.may(user, "GET")
        assert not place.may(user, "GET", PATH + "2")


def test_a_right_to_all_resources_is_none_to_paths(place: Place) -> None:
    """Though it was asked (by a SubjectAccessReview) for a resource without a name, which a path is not."""
    user = place.who(signed())
    place.caches.put(role("r", rule("*", "*", "*")), EVERYBODY)
    for namespace in ("", "a"):
        place.authorization.authorizer.authorize(Attributes(user, "get", namespace=namespace))
    assert place.may(user, "GET")
    assert not place.may(user, "GET", "/metrics")


def test_masters_may_everything_and_only_they(place: Place) -> None:
    root = User("root", ("system:masters", "system:authenticated"))
    assert place.may(root, "DELETE") and place.may(root, "GET", "/metrics")
    assert not place.may(User("root", ("system:masters2",)), "DELETE")
