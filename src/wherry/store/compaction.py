"""Forgetting, again and again: some minutes of history are kept for watches that come back and lists that go on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from wherry.kit.errors import Unavailable
from wherry.store.model import Store

KEEP_SECONDS = 300
"""As kube-apiserver's ``--etcd-compaction-interval``."""

_log = logging.getLogger(__name__)


async def compact_for_ever(
    store: Store, seconds: float = KEEP_SECONDS, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Every so many seconds, compact what was so long ago: between once and twice the time is kept. Never returns."""
    revision = await _newest(store)
    while True:
        await sleep(seconds)
        newest = await _newest(store)
        try:
            if revision:
                await store.compact(revision)
        except Unavailable as error:
            _log.warning("old revisions are kept for now: %s", error)
        revision = newest


async def _newest(store: Store) -> int:
    """0 while there is no knowing."""
    try:
        return await store.revision()
    except Unavailable:
        return 0
