"""The directory of keys and certificates: read, and completed."""

import os
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from wherry.kit.errors import Invalid
from wherry.kube.pki.der import Certificate, pem, pem_blocks
from wherry.kube.pki.model import (
    CERTIFICATE,
    PRIVATE_KEY,
    PUBLIC_KEY,
    Identity,
    NodeServer,
    Pair,
    Pki,
    SigningKey,
    Wanted,
    renewal_time,
)

if TYPE_CHECKING:
    from wherry.kube.pki.making import Authority

AUTHORITY, SERVING, SIGNING = "ca.pem", "apiserver", "service-accounts"
_OWNER_ONLY = 0o600


def ensure(directory: Path, wanted: Wanted, now: float) -> Pki:
    """What is there, completed: whatever is missing, expires soon or does not fit (any more) is made. Idempotent;
    one process at a time. ``now`` in seconds since 1970. Raises Invalid when the authority itself is damaged."""
    return _Directory(directory, now).complete(wanted)


def rotate_signing_key(directory: Path) -> None:
    """Make another key for service-account tokens: it signs from now on, the others go on verifying."""
    from wherry.kube.pki.making import make_signing_key

    last = max((int(path.stem) for path in _key_files(directory)), default=0)
    write_file(directory / SIGNING / f"{last + 1:04}.pem", make_signing_key(), durable=True)


def retire_signing_keys(directory: Path) -> None:
    """Forget the private parts of all keys for tokens but the newest; their tokens stay good."""
    paths = [path for path in _key_files(directory) if path.suffix == ".pem"]
    for path in paths[1:]:
        key = _signing_key(path)
        write_file(path.with_suffix(".pub"), key.public_pem, durable=True)
        path.unlink()


def serving_names(wanted: Wanted) -> tuple[str, ...]:
    """All names and addresses of the API server, each once."""
    service = "kubernetes.default.svc"
    names = ("localhost", wanted.host, "kubernetes", "kubernetes.default", service, f"{service}.{wanted.domain}")
    addresses = ("127.0.0.1", "::1", wanted.service_address)
    return tuple(dict.fromkeys(each for each in (*names, *addresses, *wanted.names) if each))


def write_file(path: Path, text: str, durable: bool = False) -> None:
    """Appears complete or not at all. ``durable``: also after the machine's own end."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, _OWNER_ONLY)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, _OWNER_ONLY)  # the mode above does not count for what a crash left behind
        file.write(text)
        file.flush()
        if durable:
            os.fsync(descriptor)
    temporary.replace(path)


class _Directory:
    def __init__(self, path: Path, now: float) -> None:
        self._path = path
        self._now = now
        self._made: list[str] = []
        self._signer: Authority | None = None

    def complete(self, wanted: Wanted) -> Pki:
        keys = self._path / SIGNING
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.chmod(0o700)
        authority = self._authority()
        if not any(path.suffix == ".pem" for path in _key_files(self._path)):
            rotate_signing_key(self._path)
            self._made.append(SIGNING)
        serving = self._serving(authority, serving_names(wanted))
        clients = {each.file: self._client(authority, each) for each in wanted.clients}
        nodes = {each.node: self._node(authority, each) for each in wanted.nodes}
        if self._made:
            _sync(keys)
            _sync(self._path)
        return Pki(self._path, authority, serving, clients, signing_keys(self._path), tuple(self._made), nodes)

    def _authority(self) -> Pair:
        path = self._path / AUTHORITY
        if not path.exists():
            from wherry.kube.pki.making import make_authority

            write_file(path, make_authority(self._now), durable=True)
            self._made.append(AUTHORITY)
        try:
            pair = read_pair(path)
            if pair.certificate.not_after <= self._now:
                raise ValueError("it has expired")
        except ValueError as error:
            raise Invalid(
                f"the cluster's authority {path} cannot be used: {error}; restore it, or remove {self._path} to have a "
                "new one made, which no present client and node will trust"
            ) from error
        public = self._path / "ca.crt"
        if _text(public) != pair.certificate_pem:
            write_file(public, pair.certificate_pem)
        return pair

    def _serving(self, authority: Pair, names: tuple[str, ...]) -> Pair:
        if odd := [each for each in names if not each.isascii() or not each.isprintable()]:
            raise Invalid(f"{odd[0]!r} is no name or address that a certificate could have")
        wanted = {_normal(each) for each in names}

        def fits(found: Certificate) -> bool:
            return wanted <= {*found.dns_names, *found.addresses}

        return self._leaf(SERVING, authority, fits, lambda signer: signer.serving(names, self._now))

    def _node(self, authority: Pair, server: NodeServer) -> Pair:
        wanted = {_normal(each) for each in server.names}

        def fits(found: Certificate) -> bool:
            return found.common_name == server.user and wanted <= {*found.dns_names, *found.addresses}

        return self._leaf(server.file, authority, fits, lambda signer: signer.node_serving(server, self._now))

    def _client(self, authority: Pair, identity: Identity) -> Pair:
        def fits(found: Certificate) -> bool:
            return found.common_name == identity.user and set(found.organizations) == set(identity.groups)

        return self._leaf(identity.file, authority, fits, lambda signer: signer.client(identity, self._now))

    def _leaf(
        self, name: str, authority: Pair, fits: Callable[[Certificate], bool], make: "Callable[[Authority], str]"
    ) -> Pair:
        if "/" in name:
            raise Invalid(f"{name!r} is no name of a file")
        path = self._path / f"{name}.pem"
        pair = _readable(path)
        if pair is None or not self._is_good(pair, authority) or not fits(pair.certificate):
            write_file(path, make(self._open(authority)))
            self._made.append(path.name)
            pair = read_pair(path)
        return pair

    def _is_good(self, pair: Pair, authority: Pair) -> bool:
        found = pair.certificate
        is_ours = found.authority_key == authority.certificate.subject_key
        return is_ours and found.not_before <= self._now < renewal_time(found)

    def _open(self, authority: Pair) -> "Authority":
        if self._signer is None:
            from wherry.kube.pki.making import Authority

            try:
                self._signer = Authority(authority.key_pem + authority.certificate_pem)
            except ValueError as error:
                raise Invalid(f"the cluster's authority {authority.path} cannot sign: {error}; restore it") from error
        return self._signer


def read_pair(path: Path) -> Pair:
    """Raises ValueError when key or certificate are not there, OSError."""
    text = path.read_text()
    keys, certificates = pem_blocks(text, PRIVATE_KEY), pem_blocks(text, CERTIFICATE)
    if len(keys) != 1 or not certificates:
        raise ValueError(f"{path} must hold a private key and a certificate")
    pair = Pair(path, pem(PRIVATE_KEY, keys[0]), "".join(pem(CERTIFICATE, each) for each in certificates))
    _ = pair.certificate
    return pair


def signing_keys(directory: Path) -> tuple[SigningKey, ...]:
    """Those of service-account tokens, the one that signs first. Raises Invalid for a file that is none."""
    return tuple(_signing_key(path) for path in _key_files(directory))


def _key_files(directory: Path) -> list[Path]:
    """Those that can sign first, of these the newest first. What a crash left half-written is none."""
    files = [path for path in (directory / SIGNING).iterdir() if path.stem.isdecimal()]
    kept = [path for path in files if path.suffix in (".pem", ".pub")]
    return sorted(kept, key=lambda path: (path.suffix == ".pem", int(path.stem)), reverse=True)


def _signing_key(path: Path) -> SigningKey:
    try:
        text = path.read_text()
        public = pem_blocks(text, PUBLIC_KEY)[0]
        private = pem_blocks(text, PRIVATE_KEY) if path.suffix == ".pem" else []
        return SigningKey(public, pem(PRIVATE_KEY, private[0]) if path.suffix == ".pem" else "")
    except (ValueError, IndexError) as error:
        raise Invalid(f"the key for service-account tokens {path} is damaged: restore it, or remove it") from error


def _readable(path: Path) -> Pair | None:
    try:
        return read_pair(path)
    except (FileNotFoundError, ValueError):
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def _normal(name: str) -> str:
    """As :class:`Certificate` has it."""
    try:
        return str(ip_address(name))
    except ValueError:
        return name


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
