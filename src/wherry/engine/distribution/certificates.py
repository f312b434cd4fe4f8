"""TLS towards registries: whom to believe, and what to show.

As Docker: a directory a registry, ``/etc/docker/certs.d/HOST[:PORT]``, with authorities (``*.crt``) that are believed
beside the system's, and a certificate to show (``*.cert`` with its ``*.key``).
"""

import ssl
from collections.abc import Sequence
from pathlib import Path

from wherry.http.urls import Origin
from wherry.kit.errors import Invalid

DIRECTORIES = (Path("/etc/docker/certs.d"), Path("/etc/wherry/certs.d"))


def context_for(origin: Origin, verified: bool, directories: Sequence[Path] = DIRECTORIES) -> ssl.SSLContext:
    """Blocks (reads files). Raises Invalid for files that are no certificates."""
    context = ssl.create_default_context() if verified else _believing_anybody()
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    names = [f"{host}:{origin.port}"] + ([host] if origin.port == 443 else [])
    for directory in (parent / name for parent in directories for name in names):
        if directory.is_dir():
            _add(context, directory)
    return context


def _believing_anybody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without authorities, which take 30 ms to load
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _add(context: ssl.SSLContext, directory: Path) -> None:
    for path in sorted(directory.iterdir()):
        try:
            if path.suffix == ".crt":
                context.load_verify_locations(path)
            elif path.suffix == ".cert":
                key = path.with_suffix(".key")
                if not key.is_file():
                    raise Invalid(f"missing key {key.name} for client certificate {path}")
                context.load_cert_chain(path, key)
        except (ssl.SSLError, OSError) as error:
            raise Invalid(f"cannot read certificates from {path}: {error}") from error
