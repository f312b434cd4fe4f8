"""Certificates that can be used, and those that cannot."""

from pathlib import Path

import pytest

from tests.unit import certificates
from wherry.kit.errors import Invalid
from wherry.registryapi.options import Options
from wherry.registryapi.tls import tls_context


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    made, other = certificates.make(tmp_path), tmp_path / "other"
    other.mkdir()
    assert tls_context(Options()) is None
    assert tls_context(Options(tls_cert=made.certificate, tls_key=made.key)) is not None
    for key in (tmp_path / "missing", certificates.make(other).key, made.certificate):
        with pytest.raises(Invalid, match=r"certificate .* with key"):
            tls_context(Options(tls_cert=made.certificate, tls_key=key))
