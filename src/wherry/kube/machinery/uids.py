"""UIDs of objects, names of requests, and what generated names end in: random texts, of which many are made at once.

:func:`uuid.uuid4` makes an object of each first, and its text of that, in ten times the time; and the kernel is asked
for many at once, for a call of it costs more than the rest.
"""

import os
from collections.abc import Callable, Iterable

_AT_ONCE = 256
_UID_BYTES, _UID_DIGITS, _UID_LENGTH = 16, 32, 36
_DASHES = (8, 13, 18, 23)  # where they are in a UID
_VERSION = bytes(0x40 | byte & 0x0F for byte in range(256))
_VARIANT = bytes(0x80 | byte & 0x3F for byte in range(256))

_LETTERS = b"bcdfghjklmnpqrstvwxz2456789"  # apimachinery pkg/util/rand: no vowels, nothing that reads as another
_SUFFIX_LENGTH = 5
_EVEN = 256 // len(_LETTERS) * len(_LETTERS)  # bytes from there on would make some letters more likely
_LETTER_OF = bytes(_LETTERS[byte % len(_LETTERS)] for byte in range(256))
_UNEVEN = bytes(range(_EVEN, 256))


def supply(make: Callable[[], Iterable[str]]) -> Callable[[], str]:
    """Gives what ``make`` makes, a text that nobody has had yet, whichever thread asks."""
    there: list[str] = []
    os.register_at_fork(after_in_child=there.clear)  # else two processes give the same

    def take() -> str:
        while True:
            try:
                return there.pop()
            except IndexError:
                there.extend(make())

    return take


def _cut(text: str, length: int) -> list[str]:
    """Into pieces of that length; what is left over is dropped."""
    return [text[at : at + length] for at in range(0, len(text) - length + 1, length)]


def _uids() -> list[str]:
    """UUIDs (RFC 9562 section 5.4), put together a digit of all of them at a time."""
    random = bytearray(os.urandom(_AT_ONCE * _UID_BYTES))
    random[6::_UID_BYTES] = random[6::_UID_BYTES].translate(_VERSION)
    random[8::_UID_BYTES] = random[8::_UID_BYTES].translate(_VARIANT)
    digits, text = random.hex().encode(), bytearray(b"-" * (_AT_ONCE * _UID_LENGTH))
    for position, place in enumerate(at for at in range(_UID_LENGTH) if at not in _DASHES):
        text[place::_UID_LENGTH] = digits[position::_UID_DIGITS]
    return _cut(text.decode(), _UID_LENGTH)


def _suffixes() -> list[str]:
    return _cut(os.urandom(_AT_ONCE * _SUFFIX_LENGTH).translate(_LETTER_OF, _UNEVEN).decode(), _SUFFIX_LENGTH)


random_uid = supply(_uids)
"""``f59f2a8b-da96-4776-babc-02b714676b27``."""
random_suffix = supply(_suffixes)
"""``x7k2q``: what ``generateName`` ends in."""
