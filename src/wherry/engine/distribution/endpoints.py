"""Which servers stand for a registry: the settings for mirrors and insecure registries, and what follows. Pure.

As in Docker, a registry on this machine, or one that the settings call insecure, may have a certificate of its own
making or none at all: https is tried first, then http. What Docker has for its hub only, this has for every registry:
mirrors, which may keep their repositories below a path.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from wherry.http.urls import Origin
from wherry.kit.errors import Invalid
from wherry.oci.reference import DEFAULT_DOMAIN

HUB = "registry-1.docker.io"
"""Who answers for docker.io (moby registry/config.go DefaultV2Registry)."""

LOOPBACK = ("::1/128", "127.0.0.0/8")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
_PATH = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*", re.ASCII)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Endpoint(msgspec.Struct, frozen=True):
    """A server. ``url`` is scheme, host and port; ``prefix`` is a path that its repositories are below, or empty.

    ``verified`` False: any certificate will do. ``own`` False: a mirror, which is given no credentials.
    """

    url: str
    prefix: str = ""
    verified: bool = True
    own: bool = True

    @property
    def origin(self) -> Origin:
        return Origin.of(self.url)

    def repository(self, path: str) -> str:
        """What the repository ``path`` of the registry is called there."""
        return f"{self.prefix}/{path}" if self.prefix else path


class Mirror(msgspec.Struct, frozen=True):
    """A server that has what the registry ``domain`` has."""

    domain: str
    url: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> "Mirror":
        """``[REGISTRY=]URL``, of Docker's hub where no registry is named. Raises Invalid."""
        before, equals, after = text.partition("=")
        domain, url = (before, after) if equals and "://" not in before else (DEFAULT_DOMAIN, text)
        if not _DOMAIN.fullmatch(domain):
            raise Invalid(f"invalid mirror {text!r}: {domain!r} is not a registry's name")
        if "?" in url or "#" in url:
            raise Invalid(f"invalid mirror {text!r}: query or fragment is not allowed")
        try:
            origin = Origin.of(url)
        except Invalid as error:
            raise Invalid(f"invalid mirror {text!r}: {error.message}") from error
        path = url.split("://", 1)[1].partition("/")[2].strip("/")
        prefix = path.removeprefix("v2").strip("/") if path == "v2" or path.startswith("v2/") else path
        if prefix and not _PATH.fullmatch(prefix):
            raise Invalid(f"invalid mirror {text!r}: {prefix!r} is not a repository's path")
        return cls("docker.io" if domain == "index.docker.io" else domain.lower(), str(origin), prefix)

    def __str__(self) -> str:
        """As it is told to clients: an address with a slash behind it."""
        return f"{self.url}/{self.prefix}/" if self.prefix else f"{self.url}/"


class Endpoints:
    """Raises Invalid for settings that mean nothing."""

    def __init__(self, mirrors: Iterable[str] = (), insecure: Iterable[str] = ()) -> None:
        self._mirrors = [Mirror.parse(text) for text in mirrors]
        self._insecure: set[str] = set()
        self._networks: list[Network] = [ipaddress.ip_network(text) for text in LOOPBACK]
        for text in insecure:
            self._add_insecure(text)

    def _add_insecure(self, text: str) -> None:
        """``HOST[:PORT]`` or a network as ``10.0.0.0/8``."""
        host = text.removeprefix("http://").removeprefix("https://").rstrip("/")
        if "/" in host:
            try:
                self._networks.append(ipaddress.ip_network(host))
            except ValueError as error:
                raise Invalid(f"insecure registry {text!r} is not HOST[:PORT] or a network: {error}") from error
        elif _DOMAIN.fullmatch(host):
            self._insecure.add(host.lower())
        else:
            raise Invalid(f"insecure registry {text!r} is not valid: invalid host {host!r}")

    def is_secure(self, domain: str) -> bool:
        """Whether only a server with a certificate to believe is talked to.

        Networks are compared with addresses, and with ``localhost``; other names are not looked up.
        """
        domain = domain.lower()
        origin = Origin.of(f"https://{domain}")
        if domain in self._insecure or (origin.host in self._insecure and origin.port == 443):
            return False
        try:
            address = ipaddress.ip_address("127.0.0.1" if origin.host == "localhost" else origin.host)
        except ValueError:
            return True
        return not any(address in network for network in self._networks if network.version == address.version)

    def to_pull(self, domain: str) -> Sequence[Endpoint]:
        """Servers to ask for a registry's images, in this order: mirrors, then the registry's own."""
        mirrors = [
            Endpoint(mirror.url, mirror.prefix, self.is_secure(mirror.url.split("://", 1)[1]), own=False)
            for mirror in self._mirrors
            if mirror.domain == domain.lower()
        ]
        return [*mirrors, *self.own(domain)]

    def own(self, domain: str) -> Sequence[Endpoint]:
        """The registry's own servers, to push to: what is tried when the one before does not answer."""
        host = HUB if domain == DEFAULT_DOMAIN else domain
        secure = self.is_secure(domain)
        endpoints = [Endpoint(f"https://{host}", verified=secure)]
        return endpoints if secure else [*endpoints, Endpoint(f"http://{host}")]

    def document(self) -> dict[str, Any]:
        """``RegistryConfig`` of ``docker info``."""
        of_hub = [str(mirror) for mirror in self._mirrors if mirror.domain == DEFAULT_DOMAIN]
        known = {DEFAULT_DOMAIN: _index(DEFAULT_DOMAIN, of_hub, DEFAULT_DOMAIN not in self._insecure)}
        for name in sorted(self._insecure | {mirror.domain for mirror in self._mirrors}):
            mirrors = [str(mirror) for mirror in self._mirrors if mirror.domain == name]
            known.setdefault(name, _index(name, mirrors, self.is_secure(name)))
        return {
            "IndexConfigs": known,
            "InsecureRegistryCIDRs": [str(network) for network in self._networks],
            "Mirrors": of_hub or None,
        }


def _index(name: str, mirrors: list[str], secure: bool) -> dict[str, Any]:
    return {"Mirrors": mirrors, "Name": name, "Official": name == DEFAULT_DOMAIN, "Secure": secure}
