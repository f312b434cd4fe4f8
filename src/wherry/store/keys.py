"""Keys, and what a commit may ask. Pure; the same for every store."""

from collections.abc import Sequence

from wherry.kit.errors import Invalid
from wherry.store.model import Compare, Operation, Put

OPERATIONS_LIMIT = 1 << 16
"""Operations of one commit. etcd's own limit is lower (``--max-txn-ops``, 128 unless it is told otherwise)."""

VALUE_LIMIT_BYTES = 64 << 20
"""Far beyond what etcd takes (``--max-request-bytes``, 1.5 MiB unless it is told otherwise)."""

_LAST = "\U0010ffff"


def end_of(prefix: str) -> str | None:
    """The first text behind all that start with ``prefix``; None when nothing can be behind them.

    Texts are ordered by code point, which is the order of their UTF-8 bytes (RFC 3629, section 1).
    """
    kept = prefix.rstrip(_LAST)
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    if following == 0xD800:  # surrogates are in no UTF-8
        following = 0xE000
    return kept[:-1] + chr(following)


def start_of(prefix: str, after: str) -> str:
    """The least that a key which starts with ``prefix`` and is behind ``after`` can be."""
    return max(prefix, after + "\0") if after else prefix


def check_commit(compares: Sequence[Compare], operations: Sequence[Operation]) -> None:
    """Raises Invalid: for a key that is empty or no Unicode text, one written twice, too much of anything."""
    for compare in compares:
        if not (compare.key and compare.key.isascii()):
            check_key(compare.key)
    for operation in operations:
        if not (operation.key and operation.key.isascii()):
            check_key(operation.key)
        if isinstance(operation, Put):
            _check_put(operation)
    if len(operations) > 1 and len({operation.key for operation in operations}) < len(operations):
        raise Invalid("a key occurs twice in the operations of one commit")
    if len(operations) > OPERATIONS_LIMIT:
        raise Invalid(f"a commit has at most {OPERATIONS_LIMIT} operations, not {len(operations)}")


def _check_put(put: Put) -> None:
    if not isinstance(put.value, bytes):
        raise Invalid(f"the value of {put.key} is no bytes")
    if len(put.value) > VALUE_LIMIT_BYTES:
        raise Invalid(f"the value of {put.key} has {len(put.value)} bytes, and may have {VALUE_LIMIT_BYTES}")
    if not 0 <= put.lease < 1 << 63:
        raise Invalid(f"{put.lease} is no lease")


def check_key(key: str) -> None:
    """Raises Invalid."""
    if not key:
        raise Invalid("a key is not empty")
    try:
        key.encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"the key {key!r} is no Unicode text") from error
