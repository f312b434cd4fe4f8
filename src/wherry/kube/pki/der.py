"""Just enough of X.509 to read names, times and key identifiers out of a certificate that somebody else has verified.

Every request over a client certificate and every start needs that, and nothing more: importing :mod:`cryptography`
takes longer than all the rest of a start. Encoding rules: X.690 (DER); structure: RFC 5280 §4.1.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address

import msgspec

_SEQUENCE, _INTEGER = 0x30, 0x02
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_CODECS = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii", 0x14: "latin-1", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}
"""UTF8String, PrintableString, IA5String, TeletexString, BMPString, UniversalString."""
_COMMON_NAME, _ORGANIZATION = b"\x55\x04\x03", b"\x55\x04\x0a"
_UID = bytes.fromhex("2b0601040183c25302")  # 1.3.6.1.4.1.57683.2: a user's uid, by Kubernetes (KEP-5018)
_SUBJECT_KEY, _ALTERNATIVE_NAMES, _AUTHORITY_KEY = b"\x55\x1d\x0e", b"\x55\x1d\x11", b"\x55\x1d\x23"
Node = tuple[int, bytes]
"""Tag and content."""


class Certificate(msgspec.Struct, frozen=True):
    """What a certificate says. Times are seconds since 1970; addresses are in their shortest form."""

    common_name: str
    organizations: tuple[str, ...]
    uid: str
    not_before: float
    not_after: float
    public_key: bytes
    """The SubjectPublicKeyInfo, DER."""
    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    subject_key: bytes = b""
    authority_key: bytes = b""


def pem_blocks(text: str, label: str) -> list[bytes]:
    """The contents of all blocks of that label, in order (RFC 7468). Raises ValueError."""
    found = []
    begin, end = f"-----BEGIN {label}-----", f"-----END {label}-----"
    at = text.find(begin)
    while at >= 0:
        stop = text.find(end, at)
        if stop < 0:
            raise ValueError(f"a {label} has no end")
        found.append(base64.b64decode("".join(text[at + len(begin) : stop].split()), validate=True))
        at = text.find(begin, stop)
    return found


def pem(label: str, content: bytes) -> str:
    """One block, with lines of 64 characters."""
    body = base64.b64encode(content).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def parse_certificate(der: bytes) -> Certificate:
    """Raises ValueError for what is no certificate. Signatures are not looked at."""
    try:
        return _parse(der)
    except (IndexError, StopIteration, UnicodeDecodeError, OverflowError) as error:
        raise ValueError(f"no certificate: {error}") from error


def _parse(der: bytes) -> Certificate:
    (tag, outer), *rest = _children(der)
    if tag != _SEQUENCE or rest:
        raise ValueError("no certificate: not one sequence")
    body = list(_children(_first(outer)))
    if body[0][0] == 0xA0:  # the version
        del body[0]
    serial, _, _, validity, subject, key = body[:6]
    if serial[0] != _INTEGER or {each[0] for each in (validity, subject, key)} != {_SEQUENCE}:
        raise ValueError("no certificate: not its fields")
    not_before, not_after = (_time(each) for each in _children(validity[1]))
    names = list(_names(subject[1]))
    common_names = [value for oid, value in names if oid == _COMMON_NAME]
    uids = [value for oid, value in names if oid == _UID]
    if len(uids) > 1:
        raise ValueError("no certificate: more than one uid")
    extensions = _extensions(body[6:])
    dns_names, addresses = _alternative_names(extensions.get(_ALTERNATIVE_NAMES, b""))
    return Certificate(
        common_name=common_names[-1] if common_names else "",  # the last counts, as in Go's crypto/x509/pkix
        organizations=tuple(value for oid, value in names if oid == _ORGANIZATION),
        uid=uids[0] if uids else "",
        not_before=not_before,
        not_after=not_after,
        public_key=_encoded(_SEQUENCE, key[1]),
        dns_names=dns_names,
        addresses=addresses,
        subject_key=_subject_key(extensions.get(_SUBJECT_KEY, b"")),
        authority_key=_authority_key(extensions.get(_AUTHORITY_KEY, b"")),
    )


def _children(data: bytes) -> Iterator[Node]:
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if tag & 0x1F == 0x1F or length == 0x80:
            raise ValueError("a tag or length that DER has not")
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("an element ends behind its end")
        yield tag, data[at : at + length]
        at += length


def _first(data: bytes) -> bytes:
    return next(_children(data))[1]


def _encoded(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + content


def _names(rdns: bytes) -> Iterator[tuple[bytes, str]]:
    """Object identifier and value of each attribute of a Name; values that are no text are left out."""
    for _, rdn in _children(rdns):
        for _, attribute in _children(rdn):
            (_, oid), (kind, value) = _children(attribute)
            if kind in _CODECS:
                yield oid, value.decode(_CODECS[kind])


def _time(node: Node) -> float:
    """UTCTime has two digits of the year: 50 to 99 are of the last century (RFC 5280 §4.1.2.5.1)."""
    tag, content = node
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if text >= "5" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("a time that is none")
    if len(text) != 15 or text[14] != "Z":
        raise ValueError("a time that DER has not")
    parts = (int(text[at : at + 2]) for at in range(4, 14, 2))
    month, day, hour, minute, second = parts
    return datetime(int(text[:4]), month, day, hour, minute, second, tzinfo=UTC).timestamp()


def _extensions(nodes: list[Node]) -> dict[bytes, bytes]:
    """By object identifier; behind the unique identifiers that nobody uses, in ``[3]``."""
    found = {}
    for tag, content in nodes:
        if tag != 0xA3:
            continue
        for _, extension in _children(_first(content)):
            parts = list(_children(extension))
            found[parts[0][1]] = parts[-1][1]
    return found


def _alternative_names(value: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """DNS names and addresses (RFC 5280 §4.2.1.6)."""
    nodes = list(_children(_first(value))) if value else []
    names = tuple(content.decode("ascii") for tag, content in nodes if tag == 0x82)
    addresses = tuple(str(ip_address(content)) for tag, content in nodes if tag == 0x87)
    return names, addresses


def _subject_key(value: bytes) -> bytes:
    return _first(value) if value else b""


def _authority_key(value: bytes) -> bytes:
    nodes = _children(_first(value)) if value else iter(())
    return next((content for tag, content in nodes if tag == 0x80), b"")
