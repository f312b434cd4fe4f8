"""Keeps the revisions of one kind of workload."""

from wherry.kube.controllers.frame import Needs, removed
from wherry.kube.controllers.history.revisions import find, in_order, number_of, revision_of, template_of
from wherry.kube.controllers.podcontrol.control import Adoptions
from wherry.kube.controllers.podcontrol.expectations import Expectations
from wherry.kube.controllers.podcontrol.owners import Workload, is_controlled_by, key_of, spec_selector
from wherry.kube.controllers.podcontrol.templates import is_same
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

REVISIONS = GroupVersionResource("apps", "v1", "controllerrevisions")
_TRIES = 10


class Histories:
    """Finds, makes, numbers and deletes revisions. Raises StatusError."""

    def __init__(self, needs: Needs, workload: Workload, expectations: Expectations) -> None:
        self._client = needs.client
        self._workload = workload
        self.informer = needs.informers.of(REVISIONS)
        self._expectations = expectations
        self._adoptions = Adoptions(needs, workload, self.informer, expectations)

    async def of(self, owner: Object) -> list[Object]:
        """The owner's, in order; orphans are adopted."""
        return in_order(await self._adoptions.claim(owner, spec_selector(owner)))

    async def current(self, owner: Object, revisions: list[Object]) -> tuple[Object, int]:
        """The revision of the owner's template, made or numbered anew if need be, and how often a name was taken.
        ``revisions``: the owner's, in order; they are brought up to date."""
        collisions = (owner.get("status") or {}).get("collisionCount") or 0
        found = find(owner["spec"]["template"], revisions)
        if found.revision is None:
            made, collisions = await self._create(owner, found.number, collisions)
        elif number_of(found.revision) == found.number:
            return found.revision, collisions
        else:
            revisions.remove(found.revision)
            numbered = {**found.revision, "revision": found.number}
            made = await self._client.update(REVISIONS, numbered, numbered["metadata"]["namespace"])
        self._expectations.expect(key_of(owner), self.informer, made)
        revisions.append(made)
        return made, collisions

    async def _create(self, owner: Object, number: int, collisions: int) -> tuple[Object, int]:
        for more in range(_TRIES):
            wanted = revision_of(owner, number, collisions + more, self._workload.reference(owner))
            meta = wanted["metadata"]
            try:
                return await self._client.create(REVISIONS, wanted, meta["namespace"]), collisions + more
            except StatusError as error:
                if error.reason != "AlreadyExists":
                    raise
            there = await self._client.get(REVISIONS, meta["name"], meta["namespace"])
            if is_controlled_by(there, owner) and is_same(template_of(there), owner["spec"]["template"]):
                return there, collisions + more
        raise StatusError(500, "InternalError", f"no free name for a revision of {owner['metadata']['name']}")

    async def delete(self, revision: Object) -> None:
        """If it is still there."""
        await removed(self._client, REVISIONS, revision)
