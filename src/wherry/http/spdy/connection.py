"""A SPDY connection without a network: what came in, what it means, what is to be sent.

As in h11: :meth:`Connection.receive` takes bytes and gives events, the acts (:meth:`Connection.reply`,
:meth:`Connection.send` …) and some events leave bytes to be sent, which :meth:`Connection.take` hands out in order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wherry.http.spdy.frames import (
    FIN,
    UNIDIRECTIONAL,
    Control,
    Data,
    GoAway,
    ProtocolError,
    Reader,
    Status,
    Type,
    control,
    data,
    settings,
    stream_id,
    words,
)
from wherry.http.spdy.headers import BadHeaders, Compressor, Decompressor

MAX_STREAMS = 1000
"""That a peer may have open at a time."""
WINDOW_BYTES = 65536
"""Of a stream, and of the connection, at first (SPDY 3.1, 2.6.8)."""
NO_WINDOW = 1 << 31
"""What may be sent to a peer that does not count."""
_MAX_WINDOW = (1 << 31) - 1
_UPDATE_BYTES = WINDOW_BYTES // 2
_INITIAL_WINDOW = 7
_LAST_ID = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Opened:
    """The peer has opened a stream; ``fin``: it will send nothing on it."""

    stream: int
    headers: Mapping[str, str]
    fin: bool


@dataclass(frozen=True, slots=True)
class Replied:
    stream: int
    headers: Mapping[str, str]
    fin: bool


@dataclass(frozen=True, slots=True)
class Received:
    """``fin``: nothing more comes."""

    stream: int
    data: bytes
    fin: bool


@dataclass(frozen=True, slots=True)
class WasReset:
    stream: int
    status: int


@dataclass(frozen=True, slots=True)
class Widened:
    """More may be sent; ``stream`` 0: on any."""

    stream: int


@dataclass(frozen=True, slots=True)
class Answered:
    """The peer has answered our ping."""

    id: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """The peer takes no more streams."""

    last: int


Event = Opened | Replied | Received | WasReset | Widened | Answered | Leaving


@dataclass(slots=True)
class _Stream:
    """``sends``, ``receives``: which directions are open still."""

    window: int
    sends: bool = True
    receives: bool = True
    unreported: int = 0


class Connection:
    """See the module. Clients have streams and pings with odd numbers."""

    def __init__(self, is_client: bool, max_streams: int = MAX_STREAMS) -> None:
        self._is_client = is_client
        self._max_streams = max_streams
        self._reader = Reader()
        self._compressor, self._decompressor = Compressor(), Decompressor()
        self._streams: dict[int, _Stream] = {}
        self._next_id = self._next_ping = 1 if is_client else 2
        self._last_peer_id = 0
        self._window = WINDOW_BYTES
        self._initial = WINDOW_BYTES
        self._counts = False
        self._unreported = 0
        self._out: list[bytes] = []
        self._is_leaving = False
        self._handlers: dict[int, Callable[[Control], list[Event]]] = {
            Type.SYN_STREAM: self._syn_stream,
            Type.SYN_REPLY: self._headers,
            Type.HEADERS: self._headers,
            Type.RST_STREAM: self._rst_stream,
            Type.SETTINGS: self._settings,
            Type.PING: self._ping,
            Type.GOAWAY: lambda frame: [Leaving(stream_id(frame.word()))],
            Type.WINDOW_UPDATE: self._window_update,
        }

    # What comes

    def receive(self, content: bytes) -> list[Event]:
        """Raises ProtocolError; what :meth:`take` then gives is the last to be sent."""
        events: list[Event] = []
        try:
            for frame in self._reader.feed(content):
                if isinstance(frame, Data):
                    events += self._data(frame)
                elif handler := self._handlers.get(frame.type):
                    events += handler(frame)
        except (ProtocolError, BadHeaders) as error:
            self.go_away(GoAway.PROTOCOL_ERROR)
            raise ProtocolError(str(error)) from error
        return events

    def _data(self, frame: Data) -> list[Event]:
        stream = self._streams.get(frame.stream)
        if stream is None or not stream.receives:
            if not self._has_been(frame.stream):
                self._reset(frame.stream, Status.INVALID_STREAM)
            self._consumed(len(frame.data))  # it was sent before the peer heard that the stream has ended
            return []
        if frame.fin:
            self._end(frame.stream, stream, receives=False)
        return [Received(frame.stream, frame.data, frame.fin)]

    def _has_been(self, number: int) -> bool:
        is_ours = bool(number % 2) is self._is_client
        return 0 < number < self._next_id if is_ours else 0 < number <= self._last_peer_id

    def _syn_stream(self, frame: Control) -> list[Event]:
        number = stream_id(frame.word())
        frame.word(4)  # the stream that it belongs to
        headers = self._decompressor.decode(frame.payload[10:])
        if number <= self._last_peer_id or bool(number % 2) is self._is_client:
            raise ProtocolError(f"stream {number} opened behind stream {self._last_peer_id}")
        self._last_peer_id = number
        if self._is_leaving:
            return []
        if self._open_by_peer() >= self._max_streams:
            self._reset(number, Status.REFUSED_STREAM)
            return []
        fin = bool(frame.flags & FIN)
        sends = not frame.flags & UNIDIRECTIONAL
        if sends or not fin:
            self._streams[number] = _Stream(self._initial, sends, not fin)
        return [Opened(number, headers, fin)]

    def _open_by_peer(self) -> int:
        return sum(bool(number % 2) is not self._is_client for number in self._streams)

    def _headers(self, frame: Control) -> list[Event]:
        """SYN_REPLY, and HEADERS, which nobody here needs but for their FIN."""
        number, fin = stream_id(frame.word()), bool(frame.flags & FIN)
        headers = self._decompressor.decode(frame.payload[4:])
        stream = self._streams.get(number)
        if stream is None or not stream.receives:
            return []
        if fin:
            self._end(number, stream, receives=False)
        if frame.type == Type.SYN_REPLY:
            return [Replied(number, headers, fin)]
        return [Received(number, b"", True)] if fin else []

    def _rst_stream(self, frame: Control) -> list[Event]:
        number = stream_id(frame.word())
        return [WasReset(number, frame.word(4))] if self._streams.pop(number, None) else []

    def _settings(self, frame: Control) -> list[Event]:
        for number, value in settings(frame.payload):
            if number == _INITIAL_WINDOW:
                if value > _MAX_WINDOW:
                    raise ProtocolError(f"a window of {value} bytes")
                self._counts = True
                for stream in self._streams.values():
                    stream.window += value - self._initial
                self._initial = value
        return [Widened(0)] if self._counts else []

    def _ping(self, frame: Control) -> list[Event]:
        number = frame.word()
        if bool(number % 2) is self._is_client:
            return [Answered(number)]
        self._out.append(control(Type.PING, words(number)))
        return []

    def _window_update(self, frame: Control) -> list[Event]:
        number, delta = stream_id(frame.word()), stream_id(frame.word(4))
        self._counts = True
        if number == 0:
            self._window += delta
            if self._window > _MAX_WINDOW:
                raise ProtocolError("the connection's window is too large")
            return [Widened(0)]
        stream = self._streams.get(number)
        if stream is None:
            return []
        stream.window += delta
        if stream.window > _MAX_WINDOW:
            self._reset(number, Status.FLOW_CONTROL_ERROR)
            return [WasReset(number, Status.FLOW_CONTROL_ERROR)]
        return [Widened(number)]

    # What we do

    def take(self) -> bytes:
        """What is to be sent now; every byte once."""
        content = b"".join(self._out)
        self._out.clear()
        return content

    @property
    def untaken_bytes(self) -> int:
        """How much :meth:`take` would give, but for data: who reads on while a peer does not makes it more."""
        return sum(len(each) for each in self._out)

    def open(self, headers: Mapping[str, str]) -> int:
        """A new stream. Raises ProtocolError when all numbers are used up."""
        number = self._next_id
        if number > _LAST_ID:
            raise ProtocolError("there are no more stream numbers")
        self._next_id += 2
        self._streams[number] = _Stream(self._initial)
        self._out.append(control(Type.SYN_STREAM, words(number, 0) + b"\0\0" + self._compressor.encode(headers)))
        return number

    def reply(self, stream: int, headers: Mapping[str, str] | None = None) -> None:
        """Take a stream that the peer has opened: until then it takes nothing on it."""
        if stream in self._streams:
            self._out.append(control(Type.SYN_REPLY, words(stream) + self._compressor.encode(headers or {})))

    @property
    def open_streams(self) -> int:
        """How many there are, open either way."""
        return len(self._streams)

    def has(self, stream: int) -> bool:
        """Whether it is open either way."""
        return stream in self._streams

    def can_send(self, stream: int) -> bool:
        found = self._streams.get(stream)
        return found is not None and found.sends

    def room(self, stream: int) -> int:
        """How many bytes may be sent on a stream now."""
        found = self._streams.get(stream)
        if found is None or not found.sends:
            return 0
        return max(0, min(found.window, self._window)) if self._counts else NO_WINDOW

    def send(self, stream: int, content: bytes, fin: bool = False) -> None:
        """``fin``: nothing more is sent on it. Raises ValueError for what may not be sent: see :meth:`room`."""
        found = self._streams.get(stream)
        if found is None or not found.sends or len(content) > self.room(stream):
            raise ValueError(f"{len(content)} bytes may not be sent on stream {stream}")
        found.window -= len(content)
        self._window -= len(content)
        self._out.append(data(stream, content, fin))
        if fin:
            self._end(stream, found, sends=False)

    def reset(self, stream: int, status: Status = Status.CANCEL) -> None:
        """End a stream both ways. Of one that is not there: nothing."""
        if self._streams.get(stream) is not None:
            self._reset(stream, status)

    def _reset(self, stream: int, status: Status) -> None:
        self._streams.pop(stream, None)
        self._out.append(control(Type.RST_STREAM, words(stream, status)))

    def consumed(self, stream: int, count: int) -> None:
        """So many bytes of what was received are done with: the peer may send as many more."""
        found = self._streams.get(stream)
        if found is not None and found.receives:
            found.unreported += count
            if found.unreported >= _UPDATE_BYTES:
                self._out.append(control(Type.WINDOW_UPDATE, words(stream, found.unreported)))
                found.unreported = 0
        self._consumed(count)

    def _consumed(self, count: int) -> None:
        self._unreported += count
        if self._unreported >= _UPDATE_BYTES:
            self._out.append(control(Type.WINDOW_UPDATE, words(0, self._unreported)))
            self._unreported = 0

    def ping(self) -> int:
        """Its number, for :class:`Answered`."""
        number = self._next_ping
        self._next_ping = (number + 2) % (1 << 31)
        self._out.append(control(Type.PING, words(number)))
        return number

    def go_away(self, status: GoAway = GoAway.OK) -> None:
        """Take no more streams. Idempotent."""
        if not self._is_leaving:
            self._is_leaving = True
            self._out.append(control(Type.GOAWAY, words(self._last_peer_id, status)))

    def _end(self, number: int, stream: _Stream, sends: bool = True, receives: bool = True) -> None:
        stream.sends, stream.receives = stream.sends and sends, stream.receives and receives
        if not stream.sends and not stream.receives:
            self._streams.pop(number, None)
