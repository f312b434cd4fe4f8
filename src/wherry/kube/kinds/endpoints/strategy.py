"""Endpoints on their way to the store (ValidateEndpoints; pkg/api/v1/endpoints/util.go: RepackSubsets)."""

from collections.abc import Sequence

from wherry.kube.kinds.addresses import address, endpoint_address
from wherry.kube.kinds.checking import choice, set_default
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, required
from wherry.kube.machinery.model import Object

_PROTOCOLS = ("SCTP", "TCP", "UDP")


class EndpointsStrategy(Strategy):
    """See the module."""

    def default(self, obj: Object) -> None:
        for subset in obj.get("subsets") or ():
            for port in subset.get("ports") or ():
                set_default(port, protocol="TCP")

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        errors: list[FieldError] = []
        for position, subset in enumerate(obj.get("subsets") or ()):
            errors += _validate_subset(subset, Path("subsets").index(position))
        return errors


def _validate_subset(subset: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    if not subset.get("addresses") and not subset.get("notReadyAddresses"):
        errors.append(required(path, "must specify `addresses` or `notReadyAddresses`"))
    for field in ("addresses", "notReadyAddresses"):
        for position, each in enumerate(subset.get(field) or ()):
            errors += _validate_address(each, path.child(field).index(position))
    ports = subset.get("ports") or ()
    for position, port in enumerate(ports):
        errors += _validate_port(port, len(ports) > 1, path.child("ports").index(position))
    return errors


def _validate_address(found: Object, path: Path) -> list[FieldError]:
    ip, host, node = found.get("ip", ""), found.get("hostname", ""), found.get("nodeName")
    errors = address(path.child("ip"), ip)
    if host:
        errors += names.complain(path.child("hostname"), host, names.dns1123_label(host))
    if node is not None:
        errors += names.complain(path.child("nodeName"), node, names.dns1123_subdomain(node))
    return errors + endpoint_address(path.child("ip"), ip)


def _validate_port(port: Object, is_one_of_many: bool, path: Path) -> list[FieldError]:
    name, number, protocol = port.get("name", ""), port.get("port", 0), port.get("appProtocol")
    errors: list[FieldError] = []
    if name:
        errors += names.complain(path.child("name"), name, names.dns1123_label(name))
    elif is_one_of_many:
        errors.append(required(path.child("name")))
    errors += names.complain(path.child("port"), number, names.port_number(number))
    errors += choice(path.child("protocol"), port.get("protocol", ""), _PROTOCOLS)
    if protocol is not None:
        errors += names.complain(path.child("appProtocol"), protocol, names.qualified_name(protocol))
    return errors
