"""Calls to an etcd: over mutual TLS, each with an end, and errors in the store's words."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

from wherry.kit.errors import Invalid, NotFound, Unavailable, WherryError
from wherry.store.etcd.address import Address
from wherry.store.etcd.messages import etcd, grpc
from wherry.store.model import Corrupt

_CALL_SECONDS = 10.0
_OPTIONS = (
    ("grpc.keepalive_time_ms", 10_000),  # etcd allows one in 5 s (--grpc-keepalive-min-time)
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
)
_LEADER = (("hasleader", "true"),)
"""A member that has lost its cluster then ends the stream, instead of being silent."""


class OfRevision(WherryError):
    """A revision that is compacted, or (``is_future``) has not been."""

    def __init__(self, is_future: bool) -> None:
        super().__init__("the revision is " + ("of the future" if is_future else "compacted"))
        self.is_future = is_future


class NoSpace(Unavailable):
    """Nothing more can be written; what is there can be read, and deleted."""


class Connection:
    """To one member at a time; when it does not answer, the next call asks the next one."""

    def __init__(self, address: Address) -> None:
        """Raises Unavailable (a file cannot be read), Unsupported."""
        self._address = address
        self._etcd = etcd()
        try:
            files = [path.read_bytes() for path in (address.ca, address.key, address.cert)]
        except OSError as error:
            raise Unavailable(f"cannot read {error.filename}: {error.strerror}") from error
        self._credentials = grpc().ssl_channel_credentials(*files)
        self._member = 0
        self._is_closed = False
        self._channel = self._connect()

    @property
    def member(self) -> str:
        return self._address.endpoints[self._member]

    @property
    def members(self) -> int:
        return len(self._address.endpoints)

    def _connect(self) -> Any:
        channel = self._etcd.secure_channel(self.member, self._credentials, options=_OPTIONS)
        self.kv = self._etcd.KVStub(channel)
        self.leases = self._etcd.LeaseStub(channel)
        self.watches = self._etcd.WatchStub(channel)
        return channel

    async def call(self, method: Callable[..., Awaitable[Any]], request: Any) -> Any:
        """Raises Unavailable, Invalid, NotFound, OfRevision."""
        if self._is_closed:
            raise Unavailable("the store was closed")
        channel = self._channel
        try:
            return await method(request, timeout=_CALL_SECONDS)
        except self._etcd.RpcError as error:
            raise await self._understood(error, channel) from error

    async def stream(self, method: Callable[..., Any], requests: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
        """The answers; the end of the stream raises Unavailable."""
        if self._is_closed:
            raise Unavailable("the store was closed")
        channel = self._channel
        try:
            async for response in method(requests, metadata=_LEADER):
                yield response
        except self._etcd.RpcError as error:
            raise await self._understood(error, channel) from error
        raise Unavailable(f"etcd at {self.member} ended the connection")

    async def _understood(self, error: Any, channel: Any) -> WherryError:
        code, text = error.code().name, error.details() or ""
        if code == "OUT_OF_RANGE":
            return OfRevision("future" in text)
        if code == "NOT_FOUND":
            return NotFound(text)
        if code == "INVALID_ARGUMENT" or "larger than max" in text:
            return Invalid(f"etcd refuses: {text.removeprefix('etcdserver: ')}")
        if code == "DATA_LOSS":
            return Corrupt(f"etcd at {self.member} says that its data is damaged: {text}")
        if "database space exceeded" in text:
            return NoSpace("etcd has no space left: compact and defragment it, then disarm its alarm (etcdctl)")
        unavailable = Unavailable(f"etcd at {self.member} does not answer: {text or code}")
        if code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            await self._leave(channel)
        return unavailable

    async def _leave(self, channel: Any) -> None:
        """Go to the next member, if nobody has done so before."""
        if channel is self._channel and len(self._address.endpoints) > 1 and not self._is_closed:
            self._member = (self._member + 1) % len(self._address.endpoints)
            self._channel = self._connect()
            await channel.close()

    async def aclose(self) -> None:
        """Idempotent."""
        self._is_closed = True
        await self._channel.close()
