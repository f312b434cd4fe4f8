"""What a layer may cost."""

import pytest

from wherry.engine.snapshots.model import DEFAULT_LIMITS, Limits


def test_a_layer_has_at_most_a_million_entries_and_64_gibibytes() -> None:
    assert Limits() == DEFAULT_LIMITS
    assert (DEFAULT_LIMITS.entries, DEFAULT_LIMITS.bytes, DEFAULT_LIMITS.depth) == (1_000_000, 64 << 30, 512)


def test_no_packer_of_files_reaches_the_ratio_but_one_of_zeros_may_a_little() -> None:
    assert (DEFAULT_LIMITS.ratio, DEFAULT_LIMITS.ratio_free_bytes) == (200, 1 << 30)


def test_limits_do_not_change() -> None:
    with pytest.raises(AttributeError):
        DEFAULT_LIMITS.entries = 5  # type: ignore[misc]
