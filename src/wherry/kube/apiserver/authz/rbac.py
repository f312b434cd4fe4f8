"""Role-based access control."""

from wherry.kube.apiserver.authz.rbac_index import RbacIndex
from wherry.kube.apiserver.authz.rules import Matcher
from wherry.kube.apiserver.model import Attributes, Decision, Listers, Rule, User
from wherry.kube.apiserver.requestinfo import RequestInfo

_MAX_KNOWN = 512
"""How many rights a user is remembered to have in a namespace: clients choose what they ask for."""


class Rbac:
    """Allows what a binding gives; never denies (upstream's plugin/pkg/auth/authorizer/rbac)."""

    def __init__(self, listers: Listers) -> None:
        self.index = RbacIndex(listers)

    def authorize(self, attributes: Attributes) -> tuple[Decision, str]:
        rights = self.index.rights(attributes.user, attributes.namespace)
        key = (attributes.verb, attributes.group, attributes.resource, attributes.subresource)
        source = rights.known.get(key) if not attributes.path else None
        if source is not None:
            return Decision.ALLOW, source
        whatever_name = not attributes.path and len(rights.known) < _MAX_KNOWN
        for matcher in rights.of_verb(attributes.verb):
            whatever_name = whatever_name and not matcher.names
            if matcher.allows_rest(attributes):
                source = f"RBAC: allowed by {matcher.source}"
                if whatever_name:
                    rights.known[key] = source
                return Decision.ALLOW, source
        if rights.errors:
            return Decision.NO_OPINION, f"RBAC: {aggregated(rights.errors)}"
        return Decision.NO_OPINION, ""

    def grants(self, user: User, info: RequestInfo) -> bool:
        """Whether it is known already that the user may do it, whatever the object's name. False says nothing:
        :meth:`authorize` does. Of a path (``info.resource`` is empty) nothing is known."""
        known = self.index.rights(user, info.namespace).known
        return (info.verb, info.group, info.resource, info.subresource) in known and info.resource != ""

    def rules_for(self, user: User, namespace: str) -> tuple[list[Rule], list[str]]:
        """All rules that hold for the user in the namespace, and what kept others from being found."""
        rights = self.index.rights(user, namespace)
        return rights.rules, rights.errors


def aggregated(errors: list[str]) -> str:
    """Several errors as one text, as upstream's: each once; one is itself, more stand in brackets."""
    unique = list(dict.fromkeys(errors))
    return unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]"


def rules_allow(matchers: tuple[Matcher, ...], attributes: Attributes) -> bool:
    """Whether one of fixed rules allows it."""
    return any(each.allows(attributes) for each in matchers)
