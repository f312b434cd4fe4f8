"""Networks of containers: the default bridge, published ports, and the texts of /etc/hosts and /etc/resolv.conf.

In the kernel, for an instance whose bridge is ``wherry0``::

      container A (own netns)          container B (own netns)
      +--------------------+           +--------------------+
      | eth0 172.17.0.2/16 |           | eth0 172.17.0.3/16 |    accept_ra 0; no IPv6, unless it is asked for
      | 02:42:ac:11:00:02  |           | 02:42:ac:11:00:03  |    default via 172.17.0.1
      +---------|----------+           +---------|----------+
        whdefault2 (hairpin)             whdefault3 (hairpin)
    ------------+---------------+----------------+--------------
                        wherry0 172.17.0.1/16                      the host
      nft table inet wherry-default                              net.ipv4.ip_forward 1
        guard         raw prerouting    no loopback address from a wire; nobody but the bridge
                                        speaks to 172.17.0.0/16 (so: no direct routing to a container)
        dnat_in/out   nat               host port -> container, by the maps ports and address_ports
        forward       filter            to the bridge only what is published, or an answer
        postrouting   nat               out: masquerade; hairpin: masquerade
        loopback_out  raw output        127.0.0.1 -> 172.17.0.1 as source, for published ports only
        loopback_in   input             and back again
    ------------------------------------------------------------
      sockets of the node: each published port is bound, and relayed where nft does not catch it (IPv6)

**Networks that users make** (``own``) are the same once more each: a bridge, a table of rules, a range, and a thread
that lays wires, named after the network's slot (``wv…g0``, ``wherry-default-g0``). No packet gets from one to another,
because the rules of each let in only answers and published ports; an internal one lets nothing out either, and is no
way to anywhere. Who is on one finds its neighbours by name: 127.0.0.11 inside its namespace is led to sockets of the
node there (``apply``, ``nameserver``), which asks the machine's own name servers for what is no neighbour's.

It is not: a switch between machines, another driver than the bridge.

**With IPv6** (``ip_family`` dual), each address has one of IPv6 beside it, as far into the second range as it is into
the first: there is nothing more to hand out or to remember. A container has ``fd…::2/128`` and a way to everything by
``fd…::1``, the bridge's; the two know each other's link addresses for good. So nobody asks for neighbours, nobody is
believed who says to be one, and as there are no link-local addresses either, containers have no way to talk to each
other but by the host, past its rules. Ports are published over IPv4 only and relayed from IPv6, as without; those of
pods lead from either family to the pod's own address of it, so that policies see who it is.

**How 127.0.0.1 gets out.** A packet to 127.0.0.1:8080 has a loopback source, and the kernel sends no such packet to a
bridge unless ``route_localnet`` is set there, which would let containers (and, set globally, every neighbour) reach
services that listen on 127.0.0.1 as soon as the rule against it is missing (CVE-2020-8558). Wherry never sets it.
``loopback_out`` exchanges the source of exactly these packets for the bridge's own address before connection tracking
sees them, and ``loopback_in`` undoes that in the answers. Without the table, nothing works rather than everything.

**What survives what.** Endpoints and publications are rows, written before the rules. Links and rules are the kernel's:
published IPv4 ports answer while no process of Wherry lives; only the holding of the sockets and the IPv6 relay stop.
:meth:`.networks.Networks.start` rebuilds the table from the rows in one transaction, without a gap.

**Forwarding.** Containers need ``net.ipv4.ip_forward`` (with IPv6 ``net.ipv6.conf.all.forwarding``, see
:mod:`wherry.linux.forwarding`), so it is turned on. When it was off, the links that were there then go on not
forwarding to each other (the *fence*, rules in our own table): the machine does not become a router by our doing.
``down`` turns it off again if no link has come since. The fence is also written down for other instances (table
``wherry-forwarding``): they keep it up, and the last one turns forwarding off. Rules of other tables are never touched,
and an "accept" here cannot overrule them: on a machine whose own firewall drops forwarded packets (Docker's iptables do
when Docker turned forwarding on), allow the bridge there.
"""

from wherry.engine.networks.bridge import Ranges
from wherry.engine.networks.networks import Networks

__all__ = ["Networks", "Ranges"]
