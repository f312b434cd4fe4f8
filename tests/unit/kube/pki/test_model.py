"""The words of the authority."""

import base64
import hashlib
from pathlib import Path

import pytest

from wherry.kube.pki.der import pem_blocks
from wherry.kube.pki.directory import ensure
from wherry.kube.pki.making import make_signing_key
from wherry.kube.pki.model import ADMIN, LEAF_SECONDS, SUPER_ADMIN, SigningKey, Wanted, node_identity

NOW = 1_800_000_000.0


def test_identities_are_kubeadms() -> None:
    assert (ADMIN.user, ADMIN.groups) == ("kubernetes-admin", ("kubeadm:cluster-admins",))
    assert (SUPER_ADMIN.user, SUPER_ADMIN.groups) == ("kubernetes-super-admin", ("system:masters",))
    assert node_identity("n1").user == "system:node:n1"
    assert node_identity("n1").groups == ("system:nodes",)


def test_the_id_of_a_key_is_the_hash_of_its_public_part() -> None:
    der = pem_blocks(make_signing_key(), "PUBLIC KEY")[0]
    padded = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode()
    assert SigningKey(der).kid == padded.rstrip("=")


def test_certificates_are_to_be_renewed_in_their_last_third(tmp_path: Path) -> None:
    pki = ensure(tmp_path, Wanted(), NOW)
    assert pki.renew_at == pytest.approx(NOW + LEAF_SECONDS * 2 / 3, abs=600)
