"""Certificate authorities that are loaded late."""

import os
import ssl

import pytest

from wherry.http import certificates


def test_a_context_made_while_they_are_deferred_trusts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/mine.pem")
    with certificates.deferred():
        context = ssl.create_default_context()
    assert context.cert_store_stats()["x509_ca"] == 0
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert os.environ["SSL_CERT_FILE"] == "/etc/mine.pem"
    assert "SSL_CERT_DIR" not in os.environ


def test_the_environment_is_as_before_when_an_import_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(ImportError), certificates.deferred():
        raise ImportError
    assert "SSL_CERT_FILE" not in os.environ


def test_the_default_verifies_names_against_the_systems_authorities() -> None:
    context = certificates.default()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.cert_store_stats() == ssl.create_default_context().cert_store_stats()
    assert certificates.default() is context
