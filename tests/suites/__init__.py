"""Contract suites: one a Protocol, run on every implementation of it."""

import pytest

pytest.register_assert_rewrite(
    "tests.suites.store", "tests.suites.storeitems", "tests.suites.storemachine", "tests.suites.storetools"
)
