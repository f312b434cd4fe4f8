import asyncio

import pytest

from wherry.kube.controllers.podcontrol.batches import at_once, slow_start


class Acts:
    def __init__(self, fails_at: int = -1) -> None:
        self.running = self.most = self.done = 0
        self.sizes: list[int] = []
        self._fails_at = fails_at

    async def __call__(self) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        self.done += 1
        if not self.running:
            self.sizes.append(self.most)
            self.most = 0
        if self.done == self._fails_at:
            raise OSError(f"the {self.done}th")


async def test_batches_double_as_long_as_all_goes_well() -> None:
    acts = Acts()
    await slow_start([acts] * 20)
    assert acts.sizes == [1, 2, 4, 8, 5]


async def test_after_a_failure_the_batch_ends_and_no_other_begins() -> None:
    acts = Acts(fails_at=2)
    with pytest.raises(OSError, match="the 2th"):
        await slow_start([acts] * 20)
    assert acts.done == 3


async def test_all_at_once_ends_all_before_it_fails() -> None:
    acts = Acts(fails_at=1)
    with pytest.raises(OSError):
        await at_once([acts] * 5)
    assert acts.done == 5
    await at_once([])
    await slow_start([])


async def test_not_all_of_many_are_under_way_together() -> None:
    acts = Acts()
    await at_once([acts] * 500)
    assert acts.done == 500
    assert max(acts.sizes) <= 32
