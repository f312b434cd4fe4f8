"""The API's process, or its etcd, is killed while clients write and watch: nothing acknowledged is lost, no revision is
given twice, and who watches is told of everything, once and in order. (CHECKS S01, S02; of the store: tests/kernel)"""

import itertools
import os
import random
import time
from pathlib import Path

import pytest

from tests.conformance.kube.ledger import PATH, Ledger, Watcher, judge, writing
from tests.conformance.kube.process import Control, wait_until
from tests.conformance.kube.web import Document
from tests.suites.etcdserver import needs_etcd, running

ROUNDS = int(os.environ.get("S01_CRASH_ROUNDS", "6"))
OTHER = "/api/v1/namespaces/default"
"""An object that is nobody's of these tests."""


def noted(number: int) -> Document:
    return {"metadata": {"annotations": {"tests.example/number": f"{number}"}}}


def until_written(ledger: Ledger, more: int) -> None:
    """So many more writes are acknowledged: then somebody may be killed, at a moment of chance."""
    wanted = len(ledger.acknowledged) + more
    wait_until(lambda: len(ledger.acknowledged) >= wanted, "writes are acknowledged")


def watching(control: Control) -> list[Watcher]:
    start = int(control.web().get(PATH).ok()["metadata"]["resourceVersion"])
    watchers = [Watcher(control, start, restless=number % 2 == 0) for number in range(4)]
    for watcher in watchers:
        watcher.start()
    return watchers


@pytest.mark.timeout(120 + 10 * ROUNDS)
def test_nothing_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    chance, values, ledger = random.Random(5), itertools.count(), Ledger()
    control = Control(tmp_path)
    watchers = watching(control)
    try:
        for _ in range(ROUNDS):
            with writing(ledger, control, chance, values):
                until_written(ledger, 21)
                time.sleep(chance.uniform(0, 0.5))  # the moment of the kill is what is tested
                control.kill()
            control = Control(tmp_path)
            for watcher in watchers:
                watcher.control = control
            ledger.settle(control.web())
        judge(ledger, watchers, control.web())
        assert len(ledger.acknowledged) > 20 * ROUNDS and ledger.unanswered >= ROUNDS
    finally:
        control.stop()


@needs_etcd
@pytest.mark.timeout(180 + 20 * ROUNDS)
def test_nothing_is_lost_when_etcd_is_killed(tmp_path: Path) -> None:
    """Watchers come back while the server has none of its own watches yet: what they see then is not all."""
    chance, values, ledger = random.Random(6), itertools.count(), Ledger()
    with running(tmp_path) as etcd:
        address = etcd.address("/crashes/")
        url = f"etcd://{address.endpoints[0]}/crashes?ca={address.ca}&cert={address.cert}&key={address.key}"
        control = Control(tmp_path / "control", "--store", url)
        watchers = watching(control)
        try:
            for _ in range(ROUNDS):
                web = control.web()
                wait_until(lambda web=web: web.patch(OTHER, noted(next(values))).code == 200, "it writes")
                with writing(ledger, control, chance, values):
                    until_written(ledger, 11)
                    time.sleep(chance.uniform(0, 0.5))  # as above
                    etcd.kill()
                etcd.start()
                with writing(ledger, control, chance, values):
                    time.sleep(chance.uniform(0, 0.5))  # some are refused still
                wait_until(lambda web=web: web.get(PATH).code == 200, "it reads again")
                ledger.settle(web)
                web.close()
            judge(ledger, watchers, control.web())
            assert len(ledger.acknowledged) > 10 * ROUNDS and ledger.unanswered >= ROUNDS
        finally:
            control.stop()
