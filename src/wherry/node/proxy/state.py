"""What follows from which service, and what one change changes: no I/O.

The cost of a change depends on the service it is about, not on the number of services.
"""

from collections import Counter

from wherry.node.proxy import slots
from wherry.node.proxy.chains import chains, sets
from wherry.node.proxy.elements import Arranged, Element, Shape, elements, shapes
from wherry.node.proxy.model import (
    NOTHING,
    Chain,
    Change,
    Entry,
    Frontend,
    Node,
    Plane,
    Ruleset,
    ServiceKey,
    ServicePlan,
)

USUAL = frozenset(Shape(Plane.ADDRESS4.value, size, False, 0) for size in range(1, 5))
"""What there are rules for in any case."""


class Services:
    """The services' part of the ruleset.

    A frontend that several services claim (they name the same external address and port) is the first one's, in the
    order of their names: so it is on every node.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._plans: dict[ServiceKey, ServicePlan] = {}
        self._claims: dict[Frontend, dict[ServiceKey, Entry]] = {}
        self._shown: dict[Frontend, Arranged] = {}
        self._elements: dict[str, dict[str, str]] = {}
        self._uses: Counter[Element] = Counter()
        self._shapes: Counter[Shape] = Counter()
        self._provided = USUAL
        self._sets: dict[str, str] = sets(USUAL)
        self._chains: dict[str, Chain] = chains(node, USUAL)
        self._touched: dict[Element, int] = {}
        self._moved: set[Frontend] = set()

    @property
    def plans(self) -> dict[ServiceKey, ServicePlan]:
        """Of the services that have something; not to be changed."""
        return self._plans

    def ruleset(self) -> Ruleset:
        """All of it, as it is after the last :meth:`update`."""
        return Ruleset(
            dict(self._sets), dict(self._chains), {name: dict(found) for name, found in self._elements.items()}
        )

    def entry(self, frontend: Frontend) -> Entry | None:
        """What holds for it; None: it is nobody's."""
        shown = self._shown.get(frontend)
        return None if shown is None else shown.entry

    @property
    def moved(self) -> frozenset[Frontend]:
        """The UDP frontends that the last :meth:`update` changed."""
        return frozenset(self._moved)

    def update(self, plans: dict[ServiceKey, ServicePlan]) -> Change:
        """Take these services' plans in place of their old ones, and say what that changes in the kernel."""
        self._touched.clear()
        self._moved.clear()
        for key, plan in plans.items():
            self._take(key, plan)
        change = Change()
        if not self._provided.issuperset(self._shapes):
            self._provided |= self._shapes.keys()
            self._reshape(change)
        self._settle(change)
        return change

    def _take(self, key: ServiceKey, plan: ServicePlan) -> None:
        old = self._plans.get(key, NOTHING)
        if old == plan:
            return
        if plan == NOTHING:
            del self._plans[key]
        else:
            self._plans[key] = plan
        for entry in old.entries:
            del self._claims[entry.frontend][key]
        for entry in plan.entries:
            self._claims.setdefault(entry.frontend, {})[key] = entry
        for frontend in dict.fromkeys(entry.frontend for entry in (*old.entries, *plan.entries)):
            self._show(frontend)
        for address in old.local - plan.local:
            self._use(_hairpin(address), -1)
        for address in plan.local - old.local:
            self._use(_hairpin(address), 1)

    def _show(self, frontend: Frontend) -> None:
        claims = self._claims[frontend]
        if not claims:
            del self._claims[frontend]
        entry = claims[min(claims)] if claims else None
        old = self._shown.get(frontend)
        if (old.entry if old else None) == entry:
            return
        if frontend.protocol == "udp":
            self._moved.add(frontend)
        if old is not None:
            del self._shown[frontend]
            self._count(old, -1)
        if entry is not None:
            new = Arranged(
                entry,
                slots.arranged(old.targets if old else (), entry.targets),
                slots.arranged(old.outside if old else (), entry.outside or ()),
            )
            self._shown[frontend] = new
            self._count(new, 1)

    def _count(self, arranged: Arranged, by: int) -> None:
        for element in elements(arranged):
            self._use(element, by)
        for shape in shapes(arranged):
            self._shapes[shape] += by
            if not self._shapes[shape]:
                del self._shapes[shape]

    def _use(self, element: Element, by: int) -> None:
        self._touched.setdefault(element, self._uses[element])
        self._uses[element] += by
        if not self._uses[element]:
            del self._uses[element]

    def _settle(self, change: Change) -> None:
        """Elements whose use has begun or ended. With another value under the same key, one goes and one comes."""
        gone = [each for each, uses in self._touched.items() if uses and not self._uses[each]]
        come = [each for each, uses in self._touched.items() if not uses and self._uses[each]]
        for each in gone:
            del self._elements[each.set][each.key]
            change.delete.setdefault(each.set, {})[each.key] = each.value
        for each in come:
            self._elements.setdefault(each.set, {})[each.key] = each.value
            change.add.setdefault(each.set, {})[each.key] = each.value
        self._touched.clear()

    def _reshape(self, change: Change) -> None:
        """There are only ever more: a rule that is replaced costs ten milliseconds, one too many nearly nothing."""
        new_sets, new_chains = sets(self._provided), chains(self._node, self._provided)
        change.new_sets = {name: body for name, body in new_sets.items() if name not in self._sets}
        change.set_chains = {name: each for name, each in new_chains.items() if self._chains.get(name) != each}
        self._sets, self._chains = new_sets, new_chains


def _hairpin(address: str) -> Element:
    return Element("hairpin6" if ":" in address else "hairpin4", f"{address} . {address}")
