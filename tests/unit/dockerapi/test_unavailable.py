"""What is not there says so, by name."""

import pytest

from wherry.dockerapi.unavailable import unavailable
from wherry.kit.errors import Unsupported


async def test_every_refusal_names_its_operation() -> None:
    for method, template, answer in unavailable():
        with pytest.raises(Unsupported) as refusal:
            await answer(None)  # type: ignore[arg-type]
        assert f"{method} {template}".replace("...", "") in refusal.value.message
        assert "is not available in this version of Wherry" in refusal.value.message
