"""What strategies are told."""

from datetime import UTC, datetime

import pytest

from wherry.kube.kinds.model import Context


@pytest.fixture
def context() -> Context:
    return Context(datetime(2026, 1, 1, tzinfo=UTC))
