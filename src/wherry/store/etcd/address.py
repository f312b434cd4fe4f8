"""Where an etcd is and how to get in: ``etcd://HOST[:PORT][,HOST[:PORT]…]/PREFIX?ca=FILE&cert=FILE&key=FILE``. Pure."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from wherry.kit.errors import Invalid

DEFAULT_PORT = 2379
DEFAULT_PREFIX = "/wherry/"
_FILES = ("ca", "cert", "key")
_FORM = "etcd://HOST[:PORT],…/PREFIX?ca=FILE&cert=FILE&key=FILE"


@dataclass(frozen=True, slots=True)
class Address:
    """``endpoints`` are HOST:PORT of one cluster's members; ``ca`` says who theirs must be signed by, ``cert`` and
    ``key`` (PEM) who we are. ``prefix`` is what all keys begin with, one slash at its end."""

    endpoints: tuple[str, ...]
    ca: Path
    cert: Path
    key: Path
    prefix: str = DEFAULT_PREFIX


def parse(url: str) -> Address:
    """Raises Invalid, saying what is missing: there is no connection without TLS both ways."""
    split = urlsplit(url)
    if split.scheme != "etcd" or not split.netloc or split.fragment:
        raise Invalid(f"{url} is no address of an etcd: {_FORM}")
    if "@" in split.netloc:
        raise Invalid("an etcd is entered with a certificate (cert=FILE&key=FILE), not with a password")
    files = dict(parse_qsl(split.query, keep_blank_values=True))
    for name in files.keys() - set(_FILES):
        raise Invalid(f"an etcd's address has ca, cert and key, not {name}")
    missing = [name for name in _FILES if not files.get(name)]
    if missing:
        raise Invalid(f"an etcd's address needs {', '.join(missing)}: {_FORM}")
    path = unquote(split.path).strip("/")
    endpoints = tuple(_endpoint(host) for host in split.netloc.split(","))
    ca, cert, key = (Path(files[name]) for name in _FILES)
    return Address(endpoints, ca, cert, key, f"/{path}/" if path else DEFAULT_PREFIX)


def _endpoint(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(DEFAULT_PORT)
    if not host.strip("[]") or (":" in host and not host.startswith("[")):
        raise Invalid(f"{text!r} is no HOST:PORT of an etcd")
    if not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
        raise Invalid(f"{text!r} has no port from 1 to 65535")
    return f"{host}:{port}"
