"""A pod's resolv.conf (pkg/kubelet/network/dns)."""

from collections.abc import Iterable
from dataclasses import dataclass

from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.runtime import Dns

_SERVERS, _SEARCHES, _SEARCH_CHARACTERS = 3, 32, 2048
_USUAL = ("ndots:5",)
NOTHING = Dns()


@dataclass(frozen=True, slots=True)
class Resolver:
    """The cluster's servers and domain, and what the node itself uses."""

    servers: tuple[str, ...] = ()
    domain: str = "cluster.local"
    own: Dns = NOTHING


def parse(text: str) -> Dns:
    """Of a resolv.conf (resolv.conf(5)): of ``search`` and ``domain`` the last line counts, of options all."""
    servers: list[str] = []
    searches: tuple[str, ...] = ()
    options: list[str] = []
    for line in text.splitlines():
        words = line.split("#")[0].split(";")[0].split()
        if len(words) < 2:
            continue
        if words[0] == "nameserver":
            servers.append(words[1])
        elif words[0] in ("search", "domain"):
            searches = tuple(word for word in words[1:] if word != ".")
        elif words[0] == "options":
            options += words[1:]
    return Dns(tuple(servers), searches, tuple(dict.fromkeys(options)))


def policy(pod: Object, resolver: Resolver) -> str:
    """Which of ``ClusterFirst``, ``Default`` and ``None`` holds."""
    chosen = pod["spec"].get("dnsPolicy") or "ClusterFirst"
    if chosen == "ClusterFirst" and view.host_network(pod):
        return "Default"
    if chosen in ("ClusterFirst", "ClusterFirstWithHostNet"):
        return "ClusterFirst" if resolver.servers else "Default"
    return str(chosen)


def dns(pod: Object, resolver: Resolver) -> Dns:
    """Nothing in it: the node's own file will do."""
    chosen, config = policy(pod, resolver), pod["spec"].get("dnsConfig")
    if chosen == "Default" and not config:
        return NOTHING
    if chosen == "ClusterFirst":
        domain = resolver.domain
        below = (f"{pod['metadata']['namespace']}.svc.{domain}", f"svc.{domain}", domain)
        found = Dns(resolver.servers, (*below, *resolver.own.searches), _USUAL)
    else:
        found = resolver.own if chosen == "Default" else NOTHING
    return _limited(_with(found, config or {}))


def _with(found: Dns, config: Object) -> Dns:
    servers = dict.fromkeys((*found.servers, *(config.get("nameservers") or ())))
    searches = dict.fromkeys((*found.searches, *(config.get("searches") or ())))
    options = {each.partition(":")[0]: each for each in found.options}
    for each in config.get("options") or ():
        value = each.get("value")
        options[each["name"]] = each["name"] if value is None else f"{each['name']}:{value}"
    return Dns(tuple(servers), tuple(searches), tuple(options.values()))


def _limited(found: Dns) -> Dns:
    """As many as the kubelet lets through: what resolvers read."""
    return Dns(found.servers[:_SERVERS], tuple(_fitting(dict.fromkeys(found.searches))), found.options)


def _fitting(searches: Iterable[str]) -> Iterable[str]:
    left = _SEARCH_CHARACTERS
    for place, each in enumerate(searches):
        left -= len(each) + 1
        if place >= _SEARCHES or left < -1:
            return
        yield each
