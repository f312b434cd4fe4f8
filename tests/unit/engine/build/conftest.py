"""A builder, and files to build."""

import os
from pathlib import Path

import pytest

from tests.unit.engine.build.workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    if os.geteuid() != 0:  # everything belongs to whoever runs the tests
        monkeypatch.setattr(os, "fchown", lambda *arguments: None)
        monkeypatch.setattr(os, "chown", lambda *arguments, **more: None)
    (tmp_path / "workshop").mkdir()
    return Workshop(tmp_path / "workshop")


@pytest.fixture
def context(tmp_path: Path) -> Path:
    context = tmp_path / "context"
    (context / "d").mkdir(parents=True)
    (context / "file").write_text("file")
    (context / "d/inner").write_text("inner")
    (context / "d/other").write_text("other")
    for path in context.rglob("*"):
        path.chmod(0o755)
    return context
