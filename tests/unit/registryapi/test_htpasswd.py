"""Users with passwords."""

import asyncio
import base64
import os
from pathlib import Path

import bcrypt
import pytest

from wherry.engine.registry.model import Code, Refused
from wherry.kit.errors import Invalid
from wherry.registryapi import htpasswd
from wherry.registryapi.errors import Challenged
from wherry.registryapi.htpasswd import Htpasswd


def hashed(password: str, prefix: str = "2b") -> str:
    made = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
    return f"${prefix}{made[3:]}"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "htpasswd"
    path.write_text(f"# users\n\nann:{hashed('pass:word')}\nbób:{hashed('geheim', '2y')}\n")
    return path


async def refused(guard: Htpasswd, authorization: str | None) -> Challenged:
    with pytest.raises(Challenged) as refusal:
        await guard.admit(authorization, [])
    return refusal.value


async def test_who_knows_the_password_is_admitted(file: Path) -> None:
    guard = Htpasswd(file)
    for _ in range(2):
        await guard.admit(basic("ann", "pass:word"), [])
        await guard.admit(basic("bób", "geheim"), [])
    await guard.admit(basic("ann", "pass:word").replace("Basic", "bAsIc"), [])
    assert not guard.is_open


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Basic", "Basic !!!", "Bearer x", basic("ann", "wrong"), basic("ann", ""), basic("nobody", "pass:word"),
     basic("", ""), basic("ann", "pass:word\0"), basic("ann", "x" * 100), basic("ann\0", "pass:word"),
     "Basic " + base64.b64encode(b"ann").decode(), "Basic " + base64.b64encode(b"\xff:x").decode()],
)  # fmt: skip
async def test_everybody_else_is_challenged(file: Path, authorization: str | None) -> None:
    refusal = await refused(Htpasswd(file), authorization)
    assert refusal.code is Code.UNAUTHORIZED
    assert refusal.challenge == 'Basic realm="Wherry registry"'


async def test_a_right_password_is_computed_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[bytes] = []
    check = bcrypt.checkpw

    def counting(password: bytes, stored: bytes) -> bool:
        computed.append(password)
        return check(password, stored)

    monkeypatch.setattr(bcrypt, "checkpw", counting)
    guard = Htpasswd(file)
    await asyncio.gather(*(guard.admit(basic("ann", "pass:word"), []) for _ in range(10)))
    assert len(computed) == 1
    for _ in range(3):
        await refused(guard, basic("ann", "wrong"))
        await refused(guard, basic("nobody", "wrong"))  # takes as long
    assert len(computed) == 7


async def test_a_changed_file_is_taken_and_a_wrong_one_is_not(file: Path) -> None:
    guard = Htpasswd(file)
    await guard.admit(basic("ann", "pass:word"), [])
    file.with_name("new").write_text(f"ann:{hashed('other')}\n")
    os.replace(file.with_name("new"), file)
    await refused(guard, basic("ann", "pass:word"))
    await guard.admit(basic("ann", "other"), [])
    file.write_text("ann:plain\n")
    await guard.admit(basic("ann", "other"), [])
    file.unlink()
    await guard.admit(basic("ann", "other"), [])


async def test_guessing_in_parallel_is_put_off(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(htpasswd, "WAITING_LIMIT", 2)
    guard = Htpasswd(file)
    found = await asyncio.gather(
        *(guard.admit(basic("ann", f"guess {n}"), []) for n in range(5)), return_exceptions=True
    )
    codes = [one.code for one in found if isinstance(one, Refused)]
    assert codes.count(Code.UNAUTHORIZED) == 2
    assert codes.count(Code.TOOMANYREQUESTS) == 3


async def test_no_more_is_remembered_than_fits(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(htpasswd, "REMEMBERED_LIMIT", 1)
    guard = Htpasswd(file)
    for _ in range(2):
        await guard.admit(basic("ann", "pass:word"), [])
        await guard.admit(basic("bób", "geheim"), [])


@pytest.mark.parametrize(
    "line", ["ann:plain", "ann:$apr1$abcdefgh$0123456789abcdefghijkl", "ann:{SHA}abc=", "ann", ":" + "x" * 60,
             "ann:$2y$05$short"]
)  # fmt: skip
def test_other_hashes_than_bcrypt_are_refused_by_their_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "htpasswd").write_text(f"# one\n{line}\n")
    with pytest.raises(Invalid, match=r"htpasswd: line 2 .* `htpasswd -B`"):
        Htpasswd(tmp_path / "htpasswd")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"password file .*: No such file"):
        Htpasswd(tmp_path / "htpasswd")
