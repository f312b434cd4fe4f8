"""What may be the name of a repository, a tag or a digest; everything else is refused before anybody looks it up."""

import re

from wherry.engine.registry.model import Code, Refused
from wherry.kit.errors import Invalid
from wherry.oci.digest import Digest

NAME_LENGTH_LIMIT = 255
"""distribution-spec 1.1 "Pulling manifests": many clients limit a name with a host and a slash before it to 255."""

_NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*", re.ASCII)
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", re.ASCII)


def check_name(name: str) -> str:
    """``name`` when it is a repository's by the specification's grammar; Refused (NAME_INVALID)."""
    if len(name) > NAME_LENGTH_LIMIT:
        raise Refused(Code.NAME_INVALID, f"repository name has more than {NAME_LENGTH_LIMIT} characters")
    if not _NAME.fullmatch(name):
        raise Refused(Code.NAME_INVALID, "invalid repository name: lower-case words, separated by . _ - or /")
    return name


def parse_digest(text: str) -> Digest:
    """Refused (DIGEST_INVALID)."""
    try:
        return Digest.parse(text)
    except Invalid as error:
        raise Refused(Code.DIGEST_INVALID, f"{error.message}: sha256 and sha512 in lower-case digits") from error


def parse_reference(text: str) -> Digest | str:
    """A digest, or a tag as it is; Refused (DIGEST_INVALID, TAG_INVALID)."""
    if ":" in text:
        return parse_digest(text)
    if not _TAG.fullmatch(text):
        raise Refused(Code.TAG_INVALID, "invalid tag: up to 128 letters, digits, . _ and -, the first no . or -")
    return text
