"""What is wrong with a service's or ingress' load balancer (ValidateLoadBalancerStatus)."""

from wherry.kube.kinds.addresses import address, read
from wherry.kube.kinds.checking import choice
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, required
from wherry.kube.machinery.model import Object

_MODES = ("Proxy", "VIP")
_INGRESS = Path("status").child("loadBalancer", "ingress")


def validate_balancer(balancer: Object, spec: Object) -> list[FieldError]:
    ingress = balancer.get("ingress") or ()
    if ingress and spec.get("type") != "LoadBalancer":
        return [forbidden(_INGRESS, "may only be used when `spec.type` is 'LoadBalancer'")]
    return [error for position, each in enumerate(ingress) for error in _validate(each, _INGRESS.index(position))]


def _validate(ingress: Object, path: Path) -> list[FieldError]:
    ip, mode, host = ingress.get("ip", ""), ingress.get("ipMode"), ingress.get("hostname", "")
    errors = address(path.child("ip"), ip) if ip else []
    if mode is None:
        if ip:
            errors.append(required(path.child("ipMode"), "must be specified when `ip` is set"))
    elif not ip:
        errors.append(forbidden(path.child("ipMode"), "may not be specified when `ip` is not set"))
    else:
        errors += choice(path.child("ipMode"), mode, _MODES)
    if host:
        errors += names.complain(path.child("hostname"), host, names.dns1123_subdomain(host))
        if read(host) is not None:
            errors.append(invalid(path.child("hostname"), host, "must be a DNS name, not an IP address"))
    return errors
