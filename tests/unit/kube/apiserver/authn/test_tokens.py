"""Tokens of service accounts: whose they are, and every way in which one can be wrong (A03, K27)."""

import base64
import copy
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import msgspec
import pytest

from tests.unit.kube.apiserver.authn.keys import (
    ACCOUNT,
    ISSUER,
    KEY,
    NODE,
    NOW,
    POD,
    SECRET,
    Clock,
    claims,
    signing_key,
    thing,
    trust,
)  # fmt: skip
from wherry.kube.apiserver.authn.discovery import jwks
from wherry.kube.apiserver.authn.jose import KeySet
from wherry.kube.apiserver.authn.model import InvalidToken
from wherry.kube.apiserver.authn.tokens import LegacyTokens, ServiceAccountTokens
from wherry.kube.apiserver.authn.union import Tokens
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.model import Credentials, User
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

OTHER = signing_key()
GROUPS = ("system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated")
EXTRA = "authentication.kubernetes.io/"


def signed(content: dict[str, Any]) -> str:
    return KeySet((KEY,)).sign(msgspec.json.encode(content))


def listers(*replaced: Object) -> FakeListers:
    return FakeListers(*(copy.deepcopy(each) for each in (ACCOUNT, POD, SECRET, NODE)), *replaced)


def check(token: str, *replaced: Object, now: float = NOW) -> User:
    found = ServiceAccountTokens(trust(), listers(*replaced), Clock(now)).verify(token)
    assert found is not None
    return found.user


def test_a_token_says_whose_it_is_and_where_it_is_used() -> None:
    assert check(signed(claims())) == User(
        "system:serviceaccount:a:robot",
        GROUPS,
        "sa-1",
        {
            EXTRA + "credential-id": ("JTI=id-1",),
            EXTRA + "pod-name": ("web",),
            EXTRA + "pod-uid": ("pod-1",),
            EXTRA + "node-name": ("n1",),
            EXTRA + "node-uid": ("node-1",),
        },
    )


def bound(**references: dict[str, str]) -> dict[str, Any]:
    own = {"namespace": "a", "serviceaccount": {"name": "robot", "uid": "sa-1"}, **references}
    return claims(**{"kubernetes.io": own})


def segment(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def unsigned(algorithm: str) -> str:
    return f"{segment({'alg': algorithm, 'kid': KEY.kid})}.{segment(claims())}."


def with_shared_secret(secret: bytes) -> str:
    """HS256, with what everybody knows for a key."""
    head = f"{segment({'alg': 'HS256', 'kid': KEY.kid})}.{segment(claims())}"
    mac = hmac.new(secret, head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def by_other_key(kid: str, **header: Any) -> str:
    engine = jwt.PyJWS(algorithms=["ES256"])
    return engine.encode(msgspec.json.encode(claims()), OTHER.private_pem, "ES256", {"kid": kid, **header})


def with_header(**more: Any) -> str:
    engine = jwt.PyJWS(algorithms=["ES256"])
    return engine.encode(msgspec.json.encode(claims()), KEY.private_pem, "ES256", {"kid": KEY.kid, **more})


def changed(token: str, **changes: Any) -> str:
    """The same signature below other claims."""
    head, _, signature = token.split(".")
    return f"{head}.{segment(claims(**changes))}.{signature}"


def gone(obj: Object, seconds_ago: int) -> Object:
    when = datetime.fromtimestamp(NOW - seconds_ago, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**obj, "metadata": {**obj["metadata"], "deletionTimestamp": when}}


def reborn(obj: Object) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "uid": "another"}}


SIGNATURE = "the token's signature is not ours"
ALGORITHM = "the token must be signed by ES256"
FOREIGN = "the token is signed by a key that is not ours"
UNREADABLE = "service account token claims could not be read"
SUBJECT = "service account token claims another subject than its service account"
ATTACKS: list[tuple[str, Callable[[], str], str]] = [
    ("no algorithm", lambda: unsigned("none"), ALGORITHM),
    ("no algorithm in capitals", lambda: unsigned("NONE"), ALGORITHM),
    ("no signature", lambda: unsigned("ES256"), SIGNATURE),
    ("HS256 by the public key, PEM", lambda: with_shared_secret(KEY.public_pem.encode()), ALGORITHM),
    ("HS256 by the public key, DER", lambda: with_shared_secret(KEY.public_der), ALGORITHM),
    ("HS256 by nothing", lambda: with_shared_secret(b""), ALGORITHM),
    ("a foreign key by its own id", lambda: by_other_key(OTHER.kid), FOREIGN),
    ("a foreign key by our id", lambda: by_other_key(KEY.kid), SIGNATURE),
    ("no key id", lambda: by_other_key(""), FOREIGN),
    ("a key id that is a path", lambda: by_other_key("../../dev/null"), FOREIGN),
    ("a header that asks for more", lambda: with_header(crit=["x"], x=1), ALGORITHM),
    ("a key in the header", lambda: by_other_key(KEY.kid, jwk=jwks([OTHER])["keys"][0]), SIGNATURE),
    ("changed claims", lambda: changed(signed(claims()), sub="system:serviceaccount:kube-system:admin"), SIGNATURE),
    ("expired", lambda: signed(claims(exp=NOW - 1)), "service account token has expired"),
    ("expires now", lambda: signed(claims(exp=NOW)), "service account token has expired"),
    ("no end", lambda: signed(claims(exp=None)), UNREADABLE),
    ("an end that is no number", lambda: signed(claims(exp="never")), UNREADABLE),
    ("not yet", lambda: signed(claims(nbf=NOW + 120)), "service account token is not valid yet"),
    ("of the future", lambda: signed(claims(iat=NOW + 120)), "service account token is not valid yet"),
    ("for others", lambda: signed(claims(aud=["vault"])),
     f'token audiences ["vault"] is invalid for the target audiences ["{ISSUER}"]'),
    ("for nobody", lambda: signed(claims(aud=[])),
     f'token audiences [] is invalid for the target audiences ["{ISSUER}"]'),
    ("audience of a wrong type", lambda: signed(claims(aud={"a": 1})), UNREADABLE),
    ("another subject", lambda: signed(claims(sub="system:admin")),
     SUBJECT),
    ("another account's subject", lambda: signed(claims(sub="system:serviceaccount:kube-system:robot")),
     SUBJECT),
    ("bound to nothing", lambda: signed(claims(**{"kubernetes.io": None})),
     SUBJECT),
    ("another pod's uid", lambda: signed(bound(pod={"name": "web", "uid": "pod-0"})),
     "pod UID (pod-1) does not match service account pod ref claim (pod-0)"),
    ("no uid of the pod", lambda: signed(bound(pod={"name": "web"})),
     "pod UID (pod-1) does not match service account pod ref claim ()"),
    ("a pod that never was", lambda: signed(bound(pod={"name": "ghost", "uid": "pod-1"})),
     "service account token has been invalidated"),
    ("a node that never was", lambda: signed(bound(node={"name": "ghost", "uid": "node-1"})),
     "service account token has been invalidated"),
]  # fmt: skip


@pytest.mark.parametrize(("attack", "why"), [each[1:] for each in ATTACKS], ids=[each[0] for each in ATTACKS])
def test_an_attack(attack: Callable[[], str], why: str) -> None:
    token = attack()
    tokens = Tokens([ServiceAccountTokens(trust(), listers(), Clock())])

    with pytest.raises(InvalidToken) as inside:
        tokens.verify(token)
    assert str(inside.value) == why
    with pytest.raises(StatusError) as refused:
        tokens.authenticate(Credentials(token))
    assert (refused.value.code, refused.value.message) == (401, "Unauthorized")


INVALIDATED = "service account token has been invalidated"


@pytest.mark.parametrize(
    ("content", "change", "why"),
    [
        (claims(), gone(ACCOUNT, 61), "service account a/robot has been deleted"),
        (claims(), reborn(ACCOUNT), "service account UID (another) does not match claim (sa-1)"),
        (claims(), gone(POD, 61), INVALIDATED),
        (claims(), reborn(POD), "pod UID (another) does not match service account pod ref claim (pod-1)"),
        (bound(secret={"name": "key", "uid": "secret-1"}), gone(SECRET, 61), INVALIDATED),
        (bound(secret={"name": "key", "uid": "secret-1"}), reborn(SECRET),
         "secret UID (another) does not match service account secret ref claim (secret-1)"),
        (bound(node={"name": "n1", "uid": "node-1"}), gone(NODE, 61), INVALIDATED),
        (bound(node={"name": "n1", "uid": "node-1"}), reborn(NODE),
         "node UID (another) does not match service account node ref claim (node-1)"),
    ],
)  # fmt: skip
def test_a_token_ends_with_what_it_is_bound_to(content: dict[str, Any], change: Object, why: str) -> None:
    token = signed(content)
    check(token)

    with pytest.raises(InvalidToken) as caught:
        check(token, change)
    assert str(caught.value) == why


@pytest.mark.parametrize("obj", [ACCOUNT, POD])
def test_when_it_has_been_deleted_for_a_minute(obj: Object) -> None:
    check(signed(claims()), gone(obj, 59))


def test_and_at_once_when_it_is_no_more() -> None:
    there = listers()
    tokens = ServiceAccountTokens(trust(), there, Clock())
    token = signed(claims())
    assert tokens.verify(token) is not None

    there.remove(POD)
    with pytest.raises(InvalidToken, match=INVALIDATED):
        tokens.verify(token)
    there.put(POD)
    there.remove(ACCOUNT)
    with pytest.raises(InvalidToken, match='serviceaccounts "robot" not found'):
        tokens.verify(token)


def test_the_node_of_a_pods_token_need_not_be_there() -> None:
    there = listers()
    there.remove(NODE)
    assert ServiceAccountTokens(trust(), there, Clock()).verify(signed(claims())) is not None


def test_a_remembered_token_expires_on_time() -> None:
    clock = Clock()
    tokens = ServiceAccountTokens(trust(), listers(), clock)
    token = signed(claims(exp=NOW + 5))
    assert tokens.verify(token) is not None

    clock.now += 4.9
    assert tokens.verify(token) is not None
    clock.now += 0.1
    with pytest.raises(InvalidToken, match="expired"):
        tokens.verify(token)


def test_a_remembered_token_is_for_the_audiences_of_each_question() -> None:
    tokens = ServiceAccountTokens(trust(), listers(), Clock())
    token = signed(claims(aud=[ISSUER, "vault"]))

    assert tokens.verify(token).audiences == (ISSUER,)  # type: ignore[union-attr]
    assert tokens.verify(token, ("vault", "other")).audiences == ("vault",)  # type: ignore[union-attr]
    with pytest.raises(InvalidToken):
        tokens.verify(token, ("other",))


def test_no_more_tokens_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wherry.kube.apiserver.authn.tokens._MAX_REMEMBERED", 3)
    tokens = ServiceAccountTokens(trust(), listers(), Clock())
    for number in range(10):
        tokens.verify(signed(claims(jti=str(number))))
    assert len(tokens._remembered) <= 3


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "a.b.c.d", "ey.ey.ey", "\x00.\ud800.x", "." * 100_000])
def test_what_is_no_such_token_is_somebody_elses(token: str) -> None:
    assert ServiceAccountTokens(trust(), listers(), Clock()).verify(token) is None


def test_a_token_of_another_issuer_is_somebody_elses() -> None:
    assert ServiceAccountTokens(trust(), listers(), Clock()).verify(signed(claims(iss="https://other"))) is None


def test_tokens_of_an_issuer_of_before_are_taken() -> None:
    both = trust(issuers=("https://new", ISSUER))
    assert ServiceAccountTokens(both, listers(), Clock()).verify(signed(claims())) is not None


def test_a_new_key_signs_and_the_old_one_goes_on_verifying() -> None:
    old, token = KEY, signed(claims())
    rotated = trust(OTHER, old)
    tokens = ServiceAccountTokens(rotated, listers(), Clock())

    assert tokens.verify(token) is not None
    new = rotated.keys.sign(msgspec.json.encode(claims()))
    assert jwt.get_unverified_header(new)["kid"] == OTHER.kid
    assert tokens.verify(new) is not None
    with pytest.raises(InvalidToken):
        ServiceAccountTokens(trust(OTHER), listers(), Clock()).verify(token)


def legacy(**changes: Any) -> str:
    prefix = "kubernetes.io/serviceaccount/"
    return signed({
        "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:a:robot", prefix + "namespace": "a",
        prefix + "secret.name": "key", prefix + "service-account.name": "robot",
        prefix + "service-account.uid": "sa-1", **changes,
    })  # fmt: skip


def holding(token: str) -> Object:
    data = {"token": base64.b64encode(token.encode()).decode()}
    return thing("Secret", "key", "secret-1", type="kubernetes.io/service-account-token", data=data)


def check_legacy(token: str, *replaced: Object) -> User | None:
    found = LegacyTokens(trust(), listers(*replaced), Clock()).verify(token)
    return None if found is None else found.user


def test_the_token_of_a_secret_is_good_while_the_secret_holds_it() -> None:
    token = legacy()
    assert check_legacy(token, holding(token)) == User("system:serviceaccount:a:robot", GROUPS, "sa-1")
    assert check_legacy(signed(claims())) is None

    for secret, why in ((holding(token + "x"), "does not match server's copy"), (gone(holding(token), 61), INVALIDATED),
                        (thing("Secret", "key", "secret-1", data={"token": "%"}), "does not match")):  # fmt: skip
        with pytest.raises(InvalidToken, match=why):
            check_legacy(token, secret)
    for account in (reborn(ACCOUNT), gone(ACCOUNT, 61)):
        with pytest.raises(InvalidToken, match="service account"):
            check_legacy(token, holding(token), account)


def test_a_secrets_token_cannot_be_forged() -> None:
    forged = by_other_key(OTHER.kid)
    head, _, signature = forged.split(".")
    body = legacy().split(".")[1]
    token = f"{head}.{body}.{signature}"
    with pytest.raises(InvalidToken, match="a key that is not ours"):
        check_legacy(token, holding(token))
    other = legacy(sub="system:serviceaccount:kube-system:admin")
    with pytest.raises(InvalidToken, match="another subject"):
        check_legacy(other, holding(other))


def test_a_secrets_token_is_for_the_server_alone() -> None:
    token = legacy()
    tokens = LegacyTokens(trust(), listers(holding(token)), Clock())
    with pytest.raises(InvalidToken, match="target audiences"):
        tokens.verify(token, ("vault",))
