"""Names as DNS has them: a tuple of labels in lower case, without the root's empty one."""

from ipaddress import IPv4Address, IPv6Address, ip_address

Name = tuple[bytes, ...]
ROOT: Name = ()
MOST_BYTES, MOST_LABEL_BYTES = 255, 63  # RFC 1035 §2.3.4


def name(text: str) -> Name:
    """Of ``a.b.c`` or ``a.b.c.``. Raises ValueError for what is no name (an empty or overlong label, too long a name).
    Letters beyond ASCII must be encoded already."""
    stripped = text.removesuffix(".")
    labels = tuple(label.encode("ascii").lower() for label in stripped.split(".")) if stripped else ROOT
    if any(not 0 < len(label) <= MOST_LABEL_BYTES for label in labels) or len(wire(labels)) > MOST_BYTES:
        raise ValueError(f"no DNS name: {text!r}")
    return labels


def wire(labels: Name) -> bytes:
    """Without compression."""
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def text(labels: Name) -> str:
    """For people: what is not printable is written ``\\DDD`` (RFC 1035 §5.1)."""
    return ".".join("".join(_letter(byte) for byte in label) for label in labels) + "."


def _letter(byte: int) -> str:
    if byte in b".\\":
        return "\\" + chr(byte)
    return chr(byte) if 0x21 <= byte <= 0x7E else f"\\{byte:03d}"


def below(labels: Name, zone: Name) -> Name | None:
    """What is in front of ``zone``; None when the name is not in it."""
    if len(labels) < len(zone) or labels[len(labels) - len(zone) :] != zone:
        return None
    return labels[: len(labels) - len(zone)]


REVERSE4, REVERSE6 = name("in-addr.arpa"), name("ip6.arpa")


def address_of(labels: Name) -> IPv4Address | IPv6Address | None:
    """The address that a reverse name stands for (RFC 1035 §3.5, RFC 3596 §2.5); None when it is none."""
    four, six = below(labels, REVERSE4), below(labels, REVERSE6)
    try:
        if four is not None and len(four) == 4:
            return IPv4Address(".".join(label.decode("ascii") for label in reversed(four)))
        if six is not None and len(six) == 32 and all(len(label) == 1 for label in six):
            return IPv6Address(int(b"".join(reversed(six)), 16))
    except ValueError:
        return None
    return None


def dashed_address(label: bytes) -> IPv4Address | IPv6Address | None:
    """Of ``10-0-0-1`` or ``fd00--1``."""
    try:
        written = label.decode("ascii")
        dotted = (
            written.replace("-", ".") if written.count("-") == 3 and "--" not in written else written.replace("-", ":")
        )
        return ip_address(dotted)
    except ValueError:
        return None
