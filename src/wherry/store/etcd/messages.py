"""etcd's messages (https://etcd.io/docs/v3.4/dev-guide/api_reference_v3/) of a store's words, and back.

``Any`` throughout: the messages are classes that protobuf makes at run time.
"""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

from wherry.kit.errors import Unsupported
from wherry.store.keys import end_of, start_of
from wherry.store.model import Compacted, Compare, Event, Item, Operation, Put

UNBOUNDED = b"\0"
"""As ``range_end``: all keys from ``key`` on."""


@cache
def etcd() -> Any:
    """The module of messages and stubs; it takes a tenth of a second to load. Raises Unsupported."""
    try:
        return import_module("aetcd.rpc")
    except ImportError as error:
        raise Unsupported("a store in etcd needs the package aetcd: pip install 'wherry[etcd]'") from error


@cache
def grpc() -> Any:
    """The library that carries them; aetcd brings it."""
    return import_module("grpc")


class Keys:
    """Where a store's keys are among those of its etcd."""

    def __init__(self, prefix: str) -> None:
        self._data = (prefix + "data").encode()
        self.fence = (prefix + "fence").encode()
        self.first = prefix.encode()
        end = end_of(prefix)
        self.end = UNBOUNDED if end is None else end.encode()

    def inner(self, key: str) -> bytes:
        return self._data + key.encode()

    def outer(self, key: bytes) -> str:
        return key[len(self._data) :].decode()

    def is_data(self, key: bytes) -> bool:
        return key.startswith(self._data)

    def bounds(self, prefix: str, after: str = "") -> tuple[bytes, bytes]:
        """The first key of a range, and the first behind it."""
        end = end_of(self._data.decode() + prefix)
        return self.inner(start_of(prefix, after)), UNBOUNDED if end is None else end.encode()

    def item(self, kv: Any) -> Item:
        return Item(self.outer(kv.key), kv.value, kv.create_revision, kv.mod_revision, kv.lease)

    def event(self, event: Any) -> Event:
        """Raises Compacted: etcd leaves out the item before when that is compacted by the time it looks for it."""
        kv = event.kv
        previous = self.item(event.prev_kv) if event.HasField("prev_kv") else None
        if previous is None and kv.version != 1:  # 0: deleted
            raise Compacted(kv.mod_revision)
        if previous and event.type == etcd().Event.DELETE:
            return Event(self.outer(kv.key), kv.mod_revision, None, previous.created, previous)
        return Event(self.outer(kv.key), kv.mod_revision, kv.value, kv.create_revision, previous, kv.lease)

    def transaction(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> Any:
        """All operations if every compare holds; or else what is there of the compares' keys, in their order."""
        rpc = etcd()
        return rpc.TxnRequest(
            compare=[
                rpc.Compare(
                    key=self.inner(one.key),
                    target=rpc.Compare.MOD,
                    result=rpc.Compare.EQUAL,
                    mod_revision=one.revision,
                )
                for one in compares
            ],
            success=[self._operation(operation) for operation in operations],
            failure=[rpc.RequestOp(request_range=rpc.RangeRequest(key=self.inner(one.key))) for one in compares],
        )

    def _operation(self, operation: Operation) -> Any:
        rpc = etcd()
        key = self.inner(operation.key)
        if isinstance(operation, Put):
            request = rpc.PutRequest(key=key, value=operation.value, lease=operation.lease)
            return rpc.RequestOp(request_put=request)
        return rpc.RequestOp(request_delete_range=rpc.DeleteRangeRequest(key=key))
