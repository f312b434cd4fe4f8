"""UIDs of objects, and names of requests: random UUIDs as texts (RFC 9562 section 5.4).

:func:`uuid.uuid4` makes an object of it first, and its text of that, in three times the time; and the kernel is asked
for many at once, for a call of it costs more than the rest.
"""

import os

_VARIANTS = "89ab"
_LENGTH = 32
_AT_ONCE = 256


_supply: list[str] = []
os.register_at_fork(after_in_child=_supply.clear)  # else two processes give the same names


def _digits() -> str:
    """Random hexadecimal digits that nobody has had yet, whichever thread asks."""
    while True:
        try:
            return _supply.pop()
        except IndexError:
            made = os.urandom(_AT_ONCE * _LENGTH // 2).hex()
            _supply.extend(made[at : at + _LENGTH] for at in range(0, len(made), _LENGTH))


def random_uid() -> str:
    """``f59f2a8b-da96-4776-babc-02b714676b27``."""
    text = _digits()
    variant = _VARIANTS[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
