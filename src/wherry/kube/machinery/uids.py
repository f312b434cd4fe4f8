"""UIDs of objects, and names of requests: random UUIDs as texts (RFC 9562 section 5.4).

:func:`uuid.uuid4` makes an object of it first, and its text of that, in three times the time.
"""

import os

_VARIANTS = "89ab"


def random_uid() -> str:
    """``f59f2a8b-da96-4776-babc-02b714676b27``."""
    text = os.urandom(16).hex()
    variant = _VARIANTS[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
