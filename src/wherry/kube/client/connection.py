"""Where an API server is, whom to trust there, and who one is."""

import base64
import os
import ssl
from collections.abc import Callable
from pathlib import Path

import msgspec

from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object


class Connection(msgspec.Struct, frozen=True):
    """``server`` is a URL without a slash at its end. ``token`` is asked at every request, so that it may change;
    empty: there is none (a certificate is in ``tls``)."""

    server: str
    tls: ssl.SSLContext | None = None
    token: Callable[[], str] = str
    namespace: str = ""


def tls_of(authority_pem: str, certificate_pem: str = "", key_pem: str = "") -> ssl.SSLContext:
    """A client's side; with a certificate, it shows that. Raises Invalid when these are none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if authority_pem:
            context.load_verify_locations(cadata=authority_pem)
        else:
            context.load_default_certs()
        if certificate_pem:
            _show(context, certificate_pem, key_pem)
    except (ssl.SSLError, ValueError) as error:
        raise Invalid(f"certificates of the API server or for it cannot be used: {error}") from error
    return context


def _show(context: ssl.SSLContext, certificate_pem: str, key_pem: str) -> None:
    """OpenSSL reads keys from files only; this one is in memory, and nobody else's."""
    descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, f"{certificate_pem}\n{key_pem}".encode())
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def of_kubeconfig(config: Object, context: str = "", directory: Path | None = None) -> Connection:
    """Of a kubeconfig, read; ``context`` empty: the current one. Paths in it are relative to ``directory``.

    Raises Invalid when something is missing, or is a way of saying who one is that is not known here.
    """
    base = directory or Path()
    name = context or config.get("current-context") or ""
    found = _entry(config, "contexts", "context", name)
    cluster = _entry(config, "clusters", "cluster", found.get("cluster", ""))
    user = _entry(config, "users", "user", found["user"]) if found.get("user") else {}
    unknown = {"exec", "auth-provider", "username", "password", "as"} & user.keys()
    if unknown:
        raise Invalid(f"kubeconfig: user {found['user']!r} has {', '.join(sorted(unknown))}, which is not supported")
    if cluster.get("insecure-skip-tls-verify"):
        raise Invalid(f"kubeconfig: cluster {found['cluster']!r} is not to be verified, which is not supported")
    server = str(cluster.get("server", "")).rstrip("/")
    if not server:
        raise Invalid(f"kubeconfig: cluster {found.get('cluster')!r} has no server")
    tls = None
    if server.startswith("https:"):
        authority = _content(cluster, "certificate-authority", base)
        tls = tls_of(authority, _content(user, "client-certificate", base), _content(user, "client-key", base))
    return Connection(server, tls, _token(user, base), found.get("namespace", ""))


def _entry(config: Object, plural: str, singular: str, name: str) -> Object:
    for each in config.get(plural) or ():
        if each.get("name") == name:
            inside: Object = each.get(singular) or {}
            return inside
    raise Invalid(f"kubeconfig: {singular} {name!r} is not there")


def _content(holder: Object, field: str, base: Path) -> str:
    """Out of the file that is named, or of the data that is there."""
    encoded = holder.get(f"{field}-data")
    if encoded:
        try:
            return base64.b64decode(encoded, validate=True).decode()
        except ValueError as error:
            raise Invalid(f"kubeconfig: {field}-data is no base64 of PEM") from error
    return _read(base / holder[field]) if holder.get(field) else ""


def _token(user: Object, base: Path) -> Callable[[], str]:
    """A file is read at each request: what is in it changes before it expires."""
    if user.get("tokenFile"):
        path = base / user["tokenFile"]
        return lambda: _read(path).strip()
    token = str(user.get("token") or "")
    return lambda: token


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"kubeconfig: {path}: {error}") from error
