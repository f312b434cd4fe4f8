"""Plain directories in place of cgroups: control files that keep what is written to them."""

from collections.abc import Callable
from pathlib import Path

import pytest

MakeFiles = Callable[..., str]


@pytest.fixture
def control(tmp_path: Path) -> MakeFiles:
    """Make control files (name=content, dots as in ``memory__max``) and answer their directory."""

    def make(*names: str, **contents: str) -> str:
        for name in names:
            (tmp_path / name).write_text("")
        for name, content in contents.items():
            (tmp_path / name.replace("__", ".")).write_text(content)
        return str(tmp_path)

    return make
