"""Steps under way: tasks by their keys, each once, and what came of those that failed."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock
from wherry.node.pods.images.pulling import NoImage
from wherry.node.pods.life.model import Trouble
from wherry.node.pods.workers.failures import NotStarted

logger = logging.getLogger(__name__)
_FIRST_SECONDS, _LONGEST_SECONDS = 0.5, 122.0
"""Between attempts, doubling (the kubelet's for volumes: 500 ms … 2 min 2 s)."""
_TURN_SECONDS = 1.0
"""How long a failed pull is called by what went wrong, before it is called by what is waited for."""

Work = Coroutine[Any, Any, None]  # Any: nobody sends into these coroutines


class Jobs:
    """Of one worker. ``ended`` is called after each that ended, whatever came of it."""

    def __init__(self, clock: Clock, name: str, ended: Callable[[], None]) -> None:
        self.troubles: dict[str, Trouble] = {}
        self._clock = clock
        self._name = name
        self._ended = ended
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}

    @property
    def busy(self) -> frozenset[str]:
        return frozenset(self._tasks)

    def start(self, key: str, work: Callable[[], Work]) -> None:
        """It must not be under way. ``work`` is called when its turn comes: it may be given up before."""
        task = asyncio.get_running_loop().create_task(self._do(key, work), name=f"{self._name}: {key}")
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._done(key, task))

    def abort(self, key: str) -> None:
        """It stays busy until it has really ended."""
        task = self._tasks.get(key)
        if task is not None:
            task.cancel()

    def abort_all(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    async def drain(self) -> None:
        """Until nothing is under way."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks.values()))

    def forgive(self, *beginnings: str) -> None:
        """What failed is tried again at once: things have changed."""
        for key in [key for key in self.troubles if key.startswith(beginnings)]:
            del self.troubles[key]
            self._failures.pop(key, None)

    async def _do(self, key: str, work: Callable[[], Work]) -> None:
        try:
            await work()
        except (NoImage, NotStarted) as error:
            self.troubles[key] = self._shown(error)
        except (WherryError, OSError) as error:
            logger.info("%s: %s: %s", self._name, key, error)
            why = error.__cause__  # a volume that is an image has the trouble of images
            self.troubles[key] = self._shown(why) if isinstance(why, NoImage) else self._general(key, str(error))
        except Exception as error:
            logger.exception("%s: %s", self._name, key)
            self.troubles[key] = self._general(key, f"{type(error).__name__}: {error}")
        else:
            self.troubles.pop(key, None)
            self._failures.pop(key, None)

    def _shown(self, error: NoImage | NotStarted) -> Trouble:
        now = self._clock.monotonic()
        if isinstance(error, NotStarted) or not error.later[0]:
            return Trouble(error.reason, error.message, now + error.seconds)
        return Trouble(error.reason, error.message, now + error.seconds, now + _TURN_SECONDS, error.later)

    def _general(self, key: str, message: str) -> Trouble:
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay: float = min(_FIRST_SECONDS * 2 ** min(failures, 16), _LONGEST_SECONDS)
        return Trouble("Error", message, self._clock.monotonic() + delay)

    def _done(self, key: str, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        self._ended()
