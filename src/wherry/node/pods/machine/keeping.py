"""Telling the API that the node is there, and how it is: Node and Lease."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.informer import without_managed_fields
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.quantity import Quantity
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import rfc3339_micro
from wherry.node.pods.machine import nodes
from wherry.node.pods.machine.conditions import changes, unchanged
from wherry.node.pods.machine.facts import Hardware, Machine
from wherry.node.pods.machine.nodes import NODES, Standing
from wherry.node.pods.options import Options
from wherry.node.pods.voice import Events

LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")
LEASE_NAMESPACE = "kube-node-lease"
_RETRY_SECONDS, _LONGEST_SECONDS = 0.2, 7.0
_RENEWALS = 4
"""In the life of a lease."""
_ENFORCED = "Updated Node Allocatable limit across pods"
"""pkg/kubelet/cm/node_container_manager_linux.go: all pods together cannot take what is reserved."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Needs:
    """``standing`` says how the node is now; ``told`` is called with the Node whenever the API has answered with it."""

    client: Client
    clock: Clock
    options: Options
    machine: Machine
    events: Events
    standing: Callable[[], Standing]
    told: Callable[[Object], None] = lambda node: None


class NodeKeeper:
    """Somebody runs it."""

    def __init__(self, needs: Needs) -> None:
        self._client, self._clock, self._options = needs.client, needs.clock, needs.options
        self._events, self._standing, self._told = needs.events, needs.standing, needs.told
        self._node: Object | None = None
        self._reported_at = self._learned_at = 0.0
        self._is_cordoned = False
        self._is_new = False
        """Nobody has made a lease for it yet."""
        self._wake = asyncio.Event()
        self.hardware: Hardware = needs.machine.hardware()
        self.registered = asyncio.Event()
        self.reported = asyncio.Event()
        """Set when the API has had its status from here."""

    @property
    def allocatable(self) -> Mapping[str, Quantity]:
        return nodes.allocatable(self._options, self.hardware)

    @property
    def node(self) -> Object | None:
        """As the API had it last."""
        return self._node

    async def look(self) -> None:
        """Ask the API for it: its labels and taints are others' to change. Raises StatusError."""
        self._learn(await self._client.get(NODES, self._options.node))

    def tell(self) -> None:
        """Soon: something of importance has changed."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        self._events.event(self._about(), "Starting", "Starting kubelet.")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_node())
            group.create_task(self._keep_lease())

    async def _keep_node(self) -> None:
        await self._insist(self._register)
        self.registered.set()
        part = self._options.intervals.first
        while True:
            await self._insist(self._report)
            self.reported.set()
            self._wake.clear()
            timer = self._clock.call_later(self._options.intervals.status * part, self._wake.set)
            part = 1.0
            try:
                await self._wake.wait()
            finally:
                timer.cancel()

    async def _insist(self, attempt: Callable[[], Awaitable[None]]) -> None:
        delay = _RETRY_SECONDS
        while True:
            try:
                await attempt()
                return
            except (WherryError, OSError) as error:
                logger.warning("node %s: %s; trying again", self._options.node, error)
            await self._clock.sleep(delay)
            delay = min(delay * 2, _LONGEST_SECONDS)

    async def _register(self) -> None:
        wanted = nodes.new_node(self._options, self.hardware)
        wanted["status"] = self._status(wanted)
        try:
            node = self._learn(await self._client.create(NODES, wanted))
            self._reported_at, self._is_new = self._clock.monotonic(), True
            said = changes({}, node)
        except StatusError as error:
            if error.code != 409:
                raise
            node = await self._take_over()
            said = unchanged(node, {"status": self._status(node)})  # what has changed is told when it is reported
        self._say(said)
        self._events.event(self._about(), "NodeAllocatableEnforced", _ENFORCED)

    async def _take_over(self) -> Object:
        """It was registered before."""
        node = await self._client.get(NODES, self._options.node)
        patch = nodes.patch(node, self._options, self.hardware)
        if patch is not None:
            node = await self._client.patch(NODES, self._options.node, patch)
        shown, ranges = (node.get("spec") or {}).get("podCIDRs") or [], list(self._options.pod_ranges)
        if ranges and shown != ranges:
            logger.warning(
                "node %s: it goes on saying podCIDRs %s, which cannot be changed, and its pods get addresses of %s",
                self._options.node, ", ".join(shown), ", ".join(ranges),
            )  # fmt: skip
        known = (node.get("status") or {}).get("nodeInfo") or {}
        if known.get("bootID") and known["bootID"] != self.hardware.boot_id:
            said = f"Node {self._options.node} has been rebooted, boot id: {self.hardware.boot_id}"
            self._events.event(self._about(), "Rebooted", said, type="Warning")
        return self._learn(node)

    def _about(self) -> Object:
        return nodes.about(self._options.node)

    def _status(self, node: Object) -> Object:
        return nodes.status(node, self._options, self.hardware, self._standing(), self._clock.now())

    async def _report(self) -> None:
        assert self._node is not None
        wanted, now = self._status(self._node), self._clock.monotonic()
        patch = nodes.difference(self._node, wanted)
        if patch is None:
            if now - self._reported_at >= self._options.intervals.report:
                patch = {"status": {"conditions": wanted["conditions"]}}
            elif now - self._learned_at >= self._options.intervals.status:
                patch = await self._compare()
        if patch is None:
            return
        try:
            answer = await self._client.patch(NODES, self._options.node, patch, subresource="status")
        except StatusError as error:
            if error.code != 404:
                raise
            await self._register()  # somebody has deleted it, and it is still here
            return
        self._reported_at = now
        self._say(changes(self._node, answer))
        self._learn(answer)

    async def _compare(self) -> Object | None:
        """What others wrote may differ from what we last heard: cordons, labels, taints; and conditions, if we were
        silent for too long. Gives what is to be said of it. Raises StatusError."""
        try:
            await self.look()
        except StatusError as error:
            if error.code != 404:
                raise
            await self._register()  # somebody has deleted it, and it is still here
        assert self._node is not None
        return nodes.difference(self._node, self._status(self._node))

    def _say(self, reasons: Iterable[str]) -> None:
        """That it is so now (pkg/kubelet/kubelet_node_status.go, recordNodeStatusEvent)."""
        for reason in reasons:
            self._events.event(self._about(), reason, f"Node {self._options.node} status is now: {reason}")

    def _learn(self, node: Object) -> Object:
        self._node, self._learned_at = without_managed_fields(node), self._clock.monotonic()
        self._told(node)
        is_cordoned = bool((node.get("spec") or {}).get("unschedulable"))
        if is_cordoned != self._is_cordoned:
            self._is_cordoned = is_cordoned
            self._say(["NodeNotSchedulable" if is_cordoned else "NodeSchedulable"])
        return self._node

    async def _keep_lease(self) -> None:
        await self.registered.wait()
        lease: Object | None = None
        part = self._options.intervals.first
        while True:
            try:
                lease = without_managed_fields(await self._renew(lease))  # what is not sent stays as it is
                wait, part = self._options.intervals.lease / _RENEWALS * part, 1.0
            except (WherryError, OSError) as error:
                logger.warning("lease of node %s: %s; trying again", self._options.node, error)
                lease, wait = None, min(_LONGEST_SECONDS, self._options.intervals.lease / _RENEWALS)
            await self._clock.sleep(wait)

    async def _renew(self, lease: Object | None) -> Object:
        if self._is_new:
            self._is_new = False
            with contextlib.suppress(StatusError):  # of a node of that name that was here before: see below
                return await self._client.create(LEASES, self._lease(), LEASE_NAMESPACE)
        if lease is None:
            try:
                lease = await self._client.get(LEASES, self._options.node, LEASE_NAMESPACE)
            except StatusError as error:
                if error.code != 404:
                    raise
                return await self._client.create(LEASES, self._lease(), LEASE_NAMESPACE)
        renewed = {**lease, "spec": {**(lease.get("spec") or {}), **self._lease()["spec"]}}
        return await self._client.update(LEASES, renewed, LEASE_NAMESPACE)

    def _lease(self) -> Object:
        name = self._options.node
        owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": (self._node or {})["metadata"]["uid"]}
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": LEASE_NAMESPACE, "ownerReferences": [owner]},
            "spec": {
                "holderIdentity": name,
                "leaseDurationSeconds": int(self._options.intervals.lease),
                "renewTime": rfc3339_micro(self._clock.now()),
            },
        }
