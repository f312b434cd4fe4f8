"""Defaults and rules of NetworkPolicies (k8s.io/kubernetes pkg/apis/networking)."""

from collections.abc import Iterator, Sequence

from wherry.kube.kinds import addresses
from wherry.kube.kinds.checking import set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import SPEC, Found, each, unsupported
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import validate_label_selector

_PROTOCOLS = ("TCP", "UDP", "SCTP")
_DIRECTIONS = (("ingress", "from"), ("egress", "to"))


class NetworkPolicyStrategy(Strategy):
    def default(self, obj: Object) -> None:
        spec = obj.setdefault("spec", {})
        spec.setdefault("podSelector", {})
        if not spec.get("policyTypes"):
            spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
        for direction, _ in _DIRECTIONS:
            for rule in spec.get(direction) or ():
                for port in rule.get("ports") or ():
                    set_default(port, protocol="TCP")

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        spec = obj.get("spec", {})
        found = validate_label_selector(spec.get("podSelector", {}), SPEC.child("podSelector"))
        for direction, side in _DIRECTIONS:
            for position, rule in enumerate(spec.get(direction) or ()):
                where = SPEC.child(direction).index(position)
                found += each(where.child("ports"), rule.get("ports") or (), _validate_port)
                found += each(where.child(side), rule.get(side) or (), _validate_peer)
        types, where = spec.get("policyTypes") or [], SPEC.child("policyTypes")
        if len(types) > 2:
            return [*found, invalid(where, types, "may not specify more than two policyTypes")]
        return found + each(where, types, _validate_type)

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        networks = _networks(obj.get("spec", {}))
        return [text for path, network in networks for text in addresses.network_warnings(path, network)]


def _validate_type(kind: str, path: Path) -> Found:
    return [] if kind in ("Ingress", "Egress") else [unsupported(path, kind, "Ingress", "Egress")]


def _validate_port(port: Object, path: Path) -> Found:
    protocol, number, end = port.get("protocol"), port.get("port"), port.get("endPort")
    found: Found = []
    if protocol is not None and protocol not in _PROTOCOLS:
        found.append(unsupported(path.child("protocol"), protocol, *_PROTOCOLS))
    where = path.child("endPort")
    if number is None:
        why = "may not be specified when `port` is not specified"
        return found if end is None else [*found, invalid(where, end, why)]
    if isinstance(number, str):
        if end is not None:
            found.append(invalid(where, end, "may not be specified when `port` is non-numeric"))
        return found + names.complain(path.child("port"), number, names.port_name(number))
    found += names.complain(path.child("port"), number, names.port_number(number))
    if end is None:
        return found
    if end < number:
        found.append(invalid(where, number, "must be greater than or equal to `port`"))
    return found + names.complain(where, end, names.port_number(end))


def _validate_peer(peer: Object, path: Path) -> Found:
    kinds = [name for name in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(name) is not None]
    found: Found = []
    for name in kinds:
        where = path.child(name)
        found += _validate_block(peer[name], where) if name == "ipBlock" else validate_label_selector(peer[name], where)
    if not kinds:
        found.append(required(path, "must specify a peer"))
    elif len(kinds) > 1 and "ipBlock" in kinds:
        found.append(forbidden(path, "may not specify both ipBlock and another peer"))
    return found


def _validate_block(block: Object, path: Path) -> Found:
    text = block.get("cidr", "")
    if not text:
        return [required(path.child("cidr"))]
    found, whole = addresses.network(path.child("cidr"), text), addresses.read_network(text)
    if whole is None:
        return found
    for position, written in enumerate(block.get("except") or ()):
        where = path.child("except").index(position)
        found += addresses.network(where, written)
        part = addresses.read_network(written)
        if part is not None and not _is_strict_part(part[1], whole[1]):
            found.append(invalid(where, written, "must be a strict subset of `cidr`"))
    return found


def _is_strict_part(part: addresses.Network, whole: addresses.Network) -> bool:
    if part.version != whole.version or part.prefixlen <= whole.prefixlen:
        return False
    return part.network_address in whole


def _networks(spec: Object) -> Iterator[tuple[Path, str]]:
    for direction, side in _DIRECTIONS:
        for position, rule in enumerate(spec.get(direction) or ()):
            for place, peer in enumerate(rule.get(side) or ()):
                block = peer.get("ipBlock") or {}
                where = SPEC.child(direction).index(position).child(side).index(place).child("ipBlock")
                yield where.child("cidr"), block.get("cidr", "")
                for at, text in enumerate(block.get("except") or ()):
                    yield where.child("except").index(at), text
