"""What takes long with a large object is done in a thread beside the event loop.

Python runs one thread at a time, so nothing gets done sooner. But whoever else is served waits for a switch of threads
(:data:`SWITCH_SECONDS`), and not for the half second that two megabytes of YAML take to read. There is one thread, and
so one such work at a time, however many clients have some: with more the loop would wait for each of them in turn.

What is one call of a function in C (msgspec's decoder, a sort, a regular expression) is not interrupted: of such no
body may be worth more than a tenth of a second (:mod:`wherry.kube.machinery.jsondocs`). Another process would
interrupt nobody, but it has no kinds, rules and schemas at hand, and reading is a third of the work only.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from wherry.kube.machinery import mediatypes
from wherry.kube.machinery.jsondocs import has_many

T = TypeVar("T")

LARGE_BYTES = 16 * 1024
"""Shorter bodies are read on the loop, and objects changed there: it takes less than waiting for a thread may."""
OBJECT_LARGE_BYTES = 64 * 1024
"""The same of objects as they are stored: these have been read before, and are mostly of a few values."""
SWITCH_SECONDS = 0.0005
"""After that the loop gets its turn when it has something to do. (Python's own 5 ms come several times a request.)"""
_AT_ONCE = 2
"""What is large is larger when it has been read: a body of 3 MB may be 40. While one is stored another may be read."""
_USUAL_SECONDS = 0.005  # Python's own


class Aside:
    """See the module. The thread is started by the first who needs it."""

    def __init__(self) -> None:
        self.turn = asyncio.Semaphore(_AT_ONCE)
        """Held from a large body's reading until it is answered."""
        self._thread: ThreadPoolExecutor | None = None
        self._waiting = 0

    async def do(self, work: Callable[..., T], *arguments: object) -> T:
        """What ``work`` gives or raises. It may use nothing that the loop could be changing meanwhile. When whoever
        waits is cancelled, work that has begun goes on, and is for nobody."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="large objects")
        if not self._waiting:
            sys.setswitchinterval(SWITCH_SECONDS)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        finally:
            self._waiting -= 1
            if not self._waiting:
                sys.setswitchinterval(_USUAL_SECONDS)

    def close(self) -> None:
        """Let go of the thread, which ends with what it is doing."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None


def takes_long(body: bytes, content_type: str) -> bool:
    """Whether a body of more than :data:`LARGE_BYTES` is not only long: a megabyte of one text is read in a moment.
    (Of protobuf one cannot see it.)"""
    if body[:1] == b"{" or body[:1] == b"[" or content_type.startswith(mediatypes.JSON):
        return has_many(body)
    return True
