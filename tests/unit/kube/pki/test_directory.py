"""The directory of keys and certificates: complete after every start, whatever happened before."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from wherry.kit.errors import Invalid
from wherry.kube.pki import directory as pki_directory
from wherry.kube.pki.directory import ensure, retire_signing_keys, rotate_signing_key, serving_names, write_file
from wherry.kube.pki.model import (
    AUTHORITY_SECONDS,
    LEAF_SECONDS,
    STANDARD,
    Identity,
    NodeServer,
    Pki,
    Wanted,
    node_identity,
)

NOW = 1_800_000_000.0
BOX = NodeServer("box", ("box", "192.0.2.7"))
WANTED = Wanted(host="box", clients=(*STANDARD, node_identity("box")), nodes=(BOX,))
FILES = {"ca.pem", "ca.crt", "apiserver.pem", "admin.pem", "super-admin.pem", "controller-manager.pem", "scheduler.pem",
         "apiserver-kubelet-client.pem", "node-box.pem", "node-box-serving.pem", "service-accounts"}  # fmt: skip


def names(path: Path) -> set[str]:
    return {each.name for each in path.iterdir()}


def content(path: Path) -> dict[str, str]:
    return {str(each.relative_to(path)): each.read_text() for each in path.rglob("*") if each.is_file()}


def test_the_first_start_makes_everything_and_the_second_nothing(tmp_path: Path) -> None:
    first = ensure(tmp_path / "pki", WANTED, NOW)
    assert names(tmp_path / "pki") == FILES
    assert set(first.made) == FILES - {"ca.crt"}

    before = content(tmp_path / "pki")
    second = ensure(tmp_path / "pki", WANTED, NOW + 10)
    assert second.made == ()
    assert content(tmp_path / "pki") == before
    assert second.signing_keys == first.signing_keys
    assert second.authority_pem == first.authority_pem == before["ca.crt"]


def test_all_of_it_is_the_owners_alone(tmp_path: Path) -> None:
    ensure(tmp_path / "pki", WANTED, NOW)
    for each in (tmp_path / "pki").rglob("*"):
        assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600), each
    assert stat.S_IMODE((tmp_path / "pki").stat().st_mode) == 0o700


def test_the_names_of_the_server(tmp_path: Path) -> None:
    wanted = Wanted(host="box", names=("api.example.com", "203.0.113.7", "2001:DB8::1", "box"))
    found = ensure(tmp_path, wanted, NOW).serving.certificate

    assert found.dns_names == (
        "localhost", "box", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local", "api.example.com",
    )  # fmt: skip
    assert found.addresses == ("127.0.0.1", "::1", "10.96.0.1", "203.0.113.7", "2001:db8::1")
    assert ensure(tmp_path, wanted, NOW).made == ()


def test_one_more_name_makes_the_servers_certificate_anew_and_one_less_does_not(tmp_path: Path) -> None:
    ensure(tmp_path, WANTED, NOW)
    more = Wanted(host="box", names=("api.example.com",), clients=WANTED.clients)
    assert ensure(tmp_path, more, NOW).made == ("apiserver.pem",)
    assert ensure(tmp_path, WANTED, NOW).made == ()


@pytest.mark.parametrize("name", ["a b\n", "schön.example"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid, match="no name or address"):
        ensure(tmp_path, Wanted(host=name), NOW)


def test_a_client_that_gets_other_groups_gets_another_certificate(tmp_path: Path) -> None:
    ensure(tmp_path, Wanted(clients=(Identity("x", "alice", ("a",)),)), NOW)
    again = ensure(tmp_path, Wanted(clients=(Identity("x", "alice", ("b",)),)), NOW)
    assert again.made == ("x.pem",)
    assert again.clients["x"].certificate.organizations == ("b",)


def test_no_file_is_written_outside(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        ensure(tmp_path / "pki", Wanted(clients=(node_identity("../../x"),)), NOW)
    assert not (tmp_path / "x.pem").exists()


@pytest.mark.parametrize("name", sorted(FILES - {"ca.pem", "ca.crt", "service-accounts"}))
@pytest.mark.parametrize("damage", ["", "x", "-----BEGIN PRIVATE KEY-----\n", None])
def test_what_is_missing_or_damaged_is_made_anew(tmp_path: Path, name: str, damage: str | None) -> None:
    ensure(tmp_path, WANTED, NOW)
    if damage is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(damage)
    assert ensure(tmp_path, WANTED, NOW).made == (name,)


def test_the_copy_of_the_authority_is_put_right(tmp_path: Path) -> None:
    found = ensure(tmp_path, WANTED, NOW)
    (tmp_path / "ca.crt").write_bytes(b"\xff")
    ensure(tmp_path, WANTED, NOW)
    assert (tmp_path / "ca.crt").read_text() == found.authority_pem


@pytest.mark.parametrize("damage", ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_damaged_authority_is_an_error_and_nothing_is_changed(tmp_path: Path, damage: str) -> None:
    ensure(tmp_path, WANTED, NOW)
    (tmp_path / "ca.pem").write_text(damage)
    before = content(tmp_path)

    with pytest.raises(Invalid, match=r"ca\.pem cannot be used"):
        ensure(tmp_path, WANTED, NOW)
    assert content(tmp_path) == before


def test_so_is_one_that_has_expired(tmp_path: Path) -> None:
    ensure(tmp_path, WANTED, NOW)
    with pytest.raises(Invalid, match="expired"):
        ensure(tmp_path, WANTED, NOW + AUTHORITY_SECONDS)


def test_one_whose_key_is_anothers_is_found_out_when_it_is_to_sign(tmp_path: Path) -> None:
    ensure(tmp_path / "a", WANTED, NOW)
    ensure(tmp_path / "b", WANTED, NOW)
    mine, theirs = ((tmp_path / each / "ca.pem").read_text() for each in "ab")
    cut = "-----BEGIN CERTIFICATE"
    (tmp_path / "a" / "ca.pem").write_text(theirs[: theirs.index(cut)] + mine[mine.index(cut) :])

    assert ensure(tmp_path / "a", WANTED, NOW).made == ()
    (tmp_path / "a" / "admin.pem").unlink()
    with pytest.raises(Invalid, match="cannot sign"):
        ensure(tmp_path / "a", WANTED, NOW)


def test_with_a_new_authority_everything_it_vouches_for_is_new(tmp_path: Path) -> None:
    first = ensure(tmp_path, WANTED, NOW)
    (tmp_path / "ca.pem").unlink()
    second = ensure(tmp_path, WANTED, NOW)

    assert set(second.made) == FILES - {"ca.crt", "service-accounts"}
    assert second.signing_keys == first.signing_keys
    assert (tmp_path / "ca.crt").read_text() == second.authority_pem != first.authority_pem


def test_certificates_are_renewed_in_their_last_third(tmp_path: Path) -> None:
    first = ensure(tmp_path, WANTED, NOW)
    assert ensure(tmp_path, WANTED, first.renew_at - 1).made == ()

    renewed = ensure(tmp_path, WANTED, first.renew_at)
    assert set(renewed.made) == FILES - {"ca.crt", "ca.pem", "service-accounts"}
    assert renewed.renew_at > first.renew_at + LEAF_SECONDS / 2


def test_a_node_is_a_server_under_its_own_name(tmp_path: Path) -> None:
    found = ensure(tmp_path, WANTED, NOW).nodes["box"].certificate
    assert (found.common_name, found.organizations) == ("system:node:box", ("system:nodes",))
    assert (found.dns_names, found.addresses) == (("box",), ("192.0.2.7",))

    moved = Wanted(host="box", clients=WANTED.clients, nodes=(NodeServer("box", ("box", "192.0.2.8")),))
    assert ensure(tmp_path, moved, NOW).made == ("node-box-serving.pem",)


def test_certificates_of_the_future_are_made_anew(tmp_path: Path) -> None:
    ensure(tmp_path, WANTED, NOW)
    assert "admin.pem" in ensure(tmp_path, WANTED, NOW - 86400).made


class Crash(BaseException):
    """The end of the process."""


@pytest.mark.parametrize("after", range(14))
def test_whenever_it_ends_the_next_start_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    written = 0

    def write(path: Path, text: str, durable: bool = False) -> None:
        nonlocal written
        written += 1
        if written > after:
            path.with_name(f".{path.name}.new").write_text(text[: len(text) // 2])
            raise Crash
        write_file(path, text, durable)

    monkeypatch.setattr(pki_directory, "write_file", write)
    try:
        ensure(tmp_path, WANTED, NOW)
    except Crash:
        assert after < 11  # there are eleven files
    monkeypatch.undo()
    found = ensure(tmp_path, WANTED, NOW)

    assert names(tmp_path) >= FILES
    assert len(found.signing_keys) == 1
    issuer = found.authority.certificate.subject_key
    assert {each.certificate.authority_key for each in (found.serving, *found.clients.values())} == {issuer}


def test_a_key_for_tokens_is_rotated_and_the_old_one_goes_on_verifying(tmp_path: Path) -> None:
    (old,) = ensure(tmp_path, WANTED, NOW).signing_keys
    rotate_signing_key(tmp_path)
    new, still = ensure(tmp_path, WANTED, NOW).signing_keys

    assert still == old
    assert new.kid != old.kid
    assert new.private_pem

    retire_signing_keys(tmp_path)
    kept, retired = ensure(tmp_path, WANTED, NOW).signing_keys
    assert kept == new
    assert (retired.kid, retired.private_pem) == (old.kid, "")
    rotate_signing_key(tmp_path)
    assert [each.kid for each in ensure(tmp_path, WANTED, NOW).signing_keys][1:] == [new.kid, old.kid]


def test_a_damaged_key_for_tokens_is_an_error(tmp_path: Path) -> None:
    ensure(tmp_path, WANTED, NOW)
    (tmp_path / "service-accounts" / "0001.pem").write_text("x")
    with pytest.raises(Invalid, match=r"0001\.pem is damaged"):
        ensure(tmp_path, WANTED, NOW)


def test_what_is_no_key_is_left_alone(tmp_path: Path) -> None:
    ensure(tmp_path, WANTED, NOW)
    (tmp_path / "service-accounts" / "README.pem").write_text("x")
    (tmp_path / "service-accounts" / ".0002.pem.new").write_text("x")
    assert len(ensure(tmp_path, WANTED, NOW).signing_keys) == 1


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / ".f.new").symlink_to(target)
    with pytest.raises(OSError):
        write_file(tmp_path / "f", "x")
    assert not target.exists()


def test_names_are_said_once() -> None:
    assert serving_names(Wanted(host="localhost", names=("localhost", ""))).count("localhost") == 1


def test_a_start_that_finds_everything_loads_no_library(tmp_path: Path) -> None:
    ensure(tmp_path, WANTED, NOW)
    program = f"""
import sys
from pathlib import Path
from wherry.kube.pki.contexts import server_context
from wherry.kube.pki.directory import ensure
from wherry.kube.pki.model import *
found = ensure(Path({str(tmp_path)!r}), Wanted(host="box", clients=(*STANDARD, node_identity("box"))), {NOW})
server_context(found)
assert found.made == ()
print(sorted(set(sys.modules) & {{"cryptography", "jwt", "yaml", "aiohttp", "asyncio"}}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_what_is_returned_is_what_openssl_can_use(tmp_path: Path) -> None:
    found: Pki = ensure(tmp_path, WANTED, NOW)
    for each in (found.serving, *found.clients.values()):
        assert "PRIVATE KEY" in each.key_pem
        assert each.certificate_pem.startswith("-----BEGIN CERTIFICATE-----")
        assert each.path.read_text() == each.key_pem + each.certificate_pem
