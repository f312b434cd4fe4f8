"""Several authorizers as one."""

from collections.abc import Sequence

from wherry.kube.apiserver.model import MASTERS, Attributes, Authorizer, Decision


class Superusers:
    """Allows everything to who is in ``system:masters``, whatever roles and bindings there are."""

    def authorize(self, attributes: Attributes) -> tuple[Decision, str]:
        if MASTERS in attributes.user.groups:
            return Decision.ALLOW, ""
        return Decision.NO_OPINION, ""


class Union:
    """Asks one after the other; the first that has an opinion decides. The reasons of the others are one a line."""

    def __init__(self, authorizers: Sequence[Authorizer]) -> None:
        self._authorizers = tuple(authorizers)

    def authorize(self, attributes: Attributes) -> tuple[Decision, str]:
        reasons = []
        for authorizer in self._authorizers:
            decision, reason = authorizer.authorize(attributes)
            if decision is not Decision.NO_OPINION:
                return decision, reason
            if reason:
                reasons.append(reason)
        return Decision.NO_OPINION, "\n".join(reasons)
