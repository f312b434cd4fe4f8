import asyncio

from tests.unit.kube.controllers.harness import PODS
from tests.unit.kube.controllers.workloads import pod
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informer import Informer
from wherry.kube.client.reflector import Selection
from wherry.kube.controllers.frame import Key
from wherry.kube.controllers.podcontrol.expectations import Expectations

WEB = Key("default", "web")


async def test_they_are_met_when_the_informer_has_come_as_far_as_the_writes() -> None:
    client = FakeClient()
    informer, expectations = Informer(client, Selection(PODS), client.clock), Expectations()
    task = asyncio.ensure_future(informer.run())
    await settle()
    assert expectations.are_met(WEB)
    first, second = [await client.create(PODS, pod(name), "default") for name in ("a", "b")]
    expectations.expect(WEB, informer, second)
    expectations.expect(WEB, informer, first)
    assert not expectations.are_met(WEB) and expectations.are_met(Key("default", "other"))
    await settle()
    assert expectations.are_met(WEB) and len(informer.cache) == 2
    gone = await client.delete(PODS, "a", "default", options={"gracePeriodSeconds": 0})
    expectations.expect(WEB, informer, gone)
    assert not expectations.are_met(WEB)
    await settle()
    assert expectations.are_met(WEB)
    expectations.expect(WEB, informer, {"kind": "Status", "metadata": {}})
    assert expectations.are_met(WEB)
    task.cancel()


async def test_one_that_was_forgotten_is_waited_for_no_longer() -> None:
    client = FakeClient()
    informer, expectations = Informer(client, Selection(PODS), client.clock), Expectations()
    expectations.expect(WEB, informer, await client.create(PODS, pod(), "default"))
    assert not expectations.are_met(WEB)
    expectations.forget(WEB)
    assert expectations.are_met(WEB)
