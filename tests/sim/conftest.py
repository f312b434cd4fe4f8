"""Every test here ends with a look whether objects that are shared are what they were."""

from tests.untouched import untouched

__all__ = ["untouched"]
