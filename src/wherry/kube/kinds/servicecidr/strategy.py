"""Rules of ServiceCIDRs (k8s.io/kubernetes pkg/apis/networking)."""

from collections.abc import Sequence

from wherry.kube.kinds import addresses
from wherry.kube.kinds.checking import immutable
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, each
from wherry.kube.machinery.fielderrors import FieldError, invalid, required
from wherry.kube.machinery.model import Object

_CIDRS = SPEC.child("cidrs")
_ONE_OF_EACH = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"


class ServiceCIDRStrategy(Strategy):
    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        networks = spec.get("cidrs") or []
        if not networks:
            return [required(_CIDRS, "at least one CIDR required")]
        if len(networks) > 2:
            return [invalid(_CIDRS, spec, "may only hold up to 2 values")]
        parsed = [addresses.read_network(text) for text in networks]
        if len(networks) == 2 and {each[1].version if each else 0 for each in parsed} != {4, 6}:
            return [invalid(_CIDRS, spec, _ONE_OF_EACH)]
        return each(_CIDRS, networks, lambda text, path: addresses.canonical_network(path, text))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        """A second family may come; nothing else changes (ValidateServiceCIDRUpdate, since 1.34)."""
        cidrs, before = obj.get("spec", {}).get("cidrs") or [], old.get("spec", {}).get("cidrs") or []
        if len(cidrs) == 2 and cidrs[:1] == before:
            return self.validate(obj, context)
        return immutable(_CIDRS, cidrs, before)
