import base64
import ssl
from pathlib import Path

import pytest

from wherry.kit.errors import Invalid
from wherry.kube.client.connection import of_kubeconfig, tls_of
from wherry.kube.machinery.model import Object
from wherry.kube.pki.directory import ensure
from wherry.kube.pki.kubeconfig import access_of, document
from wherry.kube.pki.model import Pki, Wanted


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return ensure(tmp_path_factory.mktemp("pki"), Wanted(), 1_790_000_000.0)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def config(cluster: Object | None = None, user: Object | None = None, **context: str) -> Object:
    return {
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": "https://192.0.2.1:6443/", **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [
            {"name": "here", "context": {"cluster": "c", "user": "u", **context}},
            {"name": "nobody", "context": {"cluster": "c"}},
        ],
    }


def test_our_own_kubeconfig_is_understood(pki: Pki) -> None:
    connection = of_kubeconfig(document(access_of(pki, "https://127.0.0.1:6443")))
    assert connection.server == "https://127.0.0.1:6443" and connection.token() == ""
    assert connection.tls is not None and connection.tls.verify_mode is ssl.CERT_REQUIRED
    assert len(connection.tls.get_ca_certs()) == 1


def test_a_context_is_chosen_and_may_have_no_user(pki: Pki) -> None:
    data = {"certificate-authority-data": encoded(pki.authority_pem)}
    given = config(data, {"token": "t"}, namespace="x")
    assert of_kubeconfig(given).token() == "t" and of_kubeconfig(given).namespace == "x"
    assert of_kubeconfig(given, "nobody").token() == ""
    assert of_kubeconfig(config({"server": "http://127.0.0.1:8080"})).tls is None


def test_files_are_relative_to_the_kubeconfig_and_tokens_read_again(pki: Pki, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text(pki.authority_pem)
    (tmp_path / "token").write_text("first\n")
    given = config({"certificate-authority": "ca.crt"}, {"tokenFile": "token"})
    connection = of_kubeconfig(given, directory=tmp_path)
    assert connection.token() == "first"
    (tmp_path / "token").write_text("second\n")
    assert connection.token() == "second"
    (tmp_path / "token").unlink()
    with pytest.raises(Invalid, match="token"):
        connection.token()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "context '' is not there"),
        (config() | {"current-context": "elsewhere"}, "context 'elsewhere' is not there"),
        (config() | {"clusters": []}, "cluster 'c' is not there"),
        (config({"server": ""}), "has no server"),
        (config({"insecure-skip-tls-verify": True}), "not to be verified"),
        (config(user={"exec": {"command": "x"}}), "has exec, which is not supported"),
        (config({"certificate-authority-data": "%%%"}), "no base64"),
        (config({"certificate-authority-data": encoded("nonsense")}), "cannot be used"),
        (config({"certificate-authority": "/nowhere/ca.crt"}), "/nowhere/ca.crt"),
    ],
)
def test_what_is_missing_or_unknown_is_told(given: Object, said: str) -> None:
    with pytest.raises(Invalid, match=said.replace("(", r"\(")):
        of_kubeconfig(given)


def test_a_certificate_needs_its_key(pki: Pki) -> None:
    pair = next(iter(pki.clients.values()))
    assert tls_of(pki.authority_pem, pair.certificate_pem, pair.key_pem)
    with pytest.raises(Invalid):
        tls_of(pki.authority_pem, pair.certificate_pem, "")
    assert tls_of("").verify_mode is ssl.CERT_REQUIRED
