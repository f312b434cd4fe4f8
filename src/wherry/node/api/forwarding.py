"""Ports of a pod, for a client far away: by SPDY (in the open, or in a WebSocket), or by channels of a WebSocket."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from aiohttp import web

from wherry.http.duplex import Duplex
from wherry.http.hijack import TakenOver
from wherry.http.spdy.session import Session
from wherry.http.takeover import taken_over, upgrade_of
from wherry.node.api import pairs, portchannels
from wherry.node.api.channels import PORTS, Channels, Dialect, MessageDuplex, accept
from wherry.node.api.joining import Ports
from wherry.node.api.spdystreams import negotiated, switching

SPDY, TUNNEL = "portforward.k8s.io", "SPDY/3.1+portforward.k8s.io"


async def forward(request: web.BaseRequest, ports: Ports, named: Sequence[str]) -> web.StreamResponse:
    """Until the client goes. ``named``: the ports that channels are for, as the query has them. Raises Invalid,
    Forbidden, ConnectionError."""
    if upgrade_of(request) != "websocket":
        protocol = negotiated(request, (SPDY,))
        async with taken_over(request, switching(protocol)) as wire:
            await _session(wire, wire.lost(), ports)
        return TakenOver()
    offered = ",".join(request.headers.getall("Sec-WebSocket-Protocol", ()))
    numbers = () if TUNNEL in offered else portchannels.parsed(named)
    socket = await accept(request, (TUNNEL,) if TUNNEL in offered else tuple(PORTS))
    channels = Channels(request, socket, PORTS.get(socket.ws_protocol or "", Dialect(4)))
    try:
        if socket.ws_protocol == TUNNEL:
            await _session(MessageDuplex(socket), channels.lost(), ports)
        else:
            await portchannels.serve(channels, ports, numbers)
    finally:
        if not socket.closed:
            channels.abort()
    return socket


async def _session(duplex: Duplex, losing: Coroutine[Any, Any, None], ports: Ports) -> None:
    """Until the connection ends, or the client goes while it is not read from."""
    session = Session(duplex)
    tasks = [asyncio.create_task(each) for each in (session.run(), losing, pairs.serve(session, ports))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
