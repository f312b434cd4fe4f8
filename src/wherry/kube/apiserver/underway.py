"""Changes that are being stored.

Who would change an object while another change of it is on its way to the store makes something of what is about to be
old: all of that is for nothing, and made again. So it waits until the other is done. Only the store is waited for,
never somebody who is asked for admission (a webhook may change the same object); what is made of an old object all the
same, the store refuses.
"""

import asyncio


class Underway:
    """Of one server; keys are the store's."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    async def settled(self, key: str) -> None:
        """Wait until no change of the object is being stored."""
        while (waiting := self._waiting.get(key)) is not None:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            waiting.append(future)
            await future

    def begin(self, key: str) -> bool:
        """A change is going to be stored; :meth:`end` must follow. False if another one is: then nothing must."""
        if key in self._waiting:
            return False
        self._waiting[key] = []
        return True

    def end(self, key: str) -> None:
        """It is stored, and can be seen; or it is not."""
        for future in self._waiting.pop(key):
            if not future.done():
                future.set_result(None)
