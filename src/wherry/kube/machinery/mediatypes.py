"""``Content-Type`` and ``Accept``: what a client sends, and what it wants (RFC 9110 §8.3, §12.5.1)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache

import msgspec

from wherry.kube.machinery.status import StatusError, not_acceptable

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
_TOKEN = r"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_PARAMETER = re.compile(rf'\s*;\s*({_TOKEN})\s*=\s*({_TOKEN}|"(?:[^"\\]|\\.)*")')
_MEDIA_TYPE = re.compile(rf"\s*({_TOKEN}(?:/{_TOKEN})?)((?:{_PARAMETER.pattern})*)\s*;?\s*")
_MAX_CLAUSES = 64
"""So many alternatives of an Accept header are looked at."""
_REMEMBERED_LETTERS = 512
"""What longer ones ask for is not: whoever sends them may be nobody."""


class MediaType(msgspec.Struct, frozen=True):
    """``type`` is in lower case; of an Accept header it may be ``*/*`` or ``application/*``."""

    type: str
    parameters: Mapping[str, str] = msgspec.field(default_factory=dict)
    quality: float = 1.0

    def includes(self, media_type: str) -> bool:
        """Whether ``media_type`` would do."""
        if self.type in (media_type, "*/*"):
            return True
        return self.type.endswith("/*") and media_type.startswith(self.type[:-1])


@lru_cache(maxsize=64)
def content_type(header: str) -> MediaType:
    """Of a ``Content-Type``; empty: JSON, as upstream takes it. What is no media type has itself as its type, and so
    has one with a parameter without a value, or with two (Go's mime.ParseMediaType, which upstream reads it with)."""
    if not header:
        return MediaType(JSON)
    found = _MEDIA_TYPE.fullmatch(header)
    parameters: dict[str, str] = {}
    for name, value in _PARAMETER.findall(found[2]) if found else ():
        if parameters.setdefault(name.lower(), value.strip('"')) != value.strip('"'):
            found = None
    return MediaType(header) if found is None else MediaType(found[1].lower(), parameters)


def accept(header: str) -> tuple[MediaType, ...]:
    """The alternatives, the best first; of the same quality in their order. Those of quality 0 are left out.

    An empty header accepts everything."""
    clauses = [clause for clause in _clauses(header) if clause.quality > 0]
    if not header.strip():
        return (MediaType("*/*"),)
    return tuple(sorted(clauses, key=lambda clause: -clause.quality))


def _clauses(header: str) -> Iterator[MediaType]:
    for text in header.split(",")[:_MAX_CLAUSES]:
        kind, parameters = _split(text)
        if not kind:
            continue
        if kind == "*":
            kind = "*/*"
        yield MediaType(kind, parameters, _quality(parameters.pop("q", "1")))


def _quality(text: str) -> float:
    """What is no number counts as 1 (as upstream's goautoneg)."""
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return min(max(value, 0.0), 1.0) if value == value else 1.0


def _split(text: str) -> tuple[str, dict[str, str]]:
    kind, *rest = text.split(";")
    parameters = {}
    for each in rest:
        name, equals, value = each.partition("=")
        if equals:
            parameters[name.strip().lower()] = value.strip().strip('"')
    return kind.strip().lower(), parameters


class Form(Enum):
    """How an object, or a list of them, is shown."""

    PLAIN = ""
    TABLE = "Table"
    METADATA = "PartialObjectMetadata"
    METADATA_LIST = "PartialObjectMetadataList"


class Wanted(msgspec.Struct, frozen=True):
    """``version`` is that of the group meta.k8s.io, of other forms than the plain one; ``media_type`` JSON, YAML
    or PROTOBUF."""

    form: Form = Form.PLAIN
    version: str = ""
    media_type: str = JSON


PLAIN = Wanted()
_FORMS = (Form.TABLE, Form.METADATA, Form.METADATA_LIST)
_META_GROUP = "meta.k8s.io"
_META_VERSIONS = ("v1", "v1beta1")


OF_OURS, OF_OTHERS = (JSON, YAML, PROTOBUF), (JSON, YAML)
"""What built-in kinds can be shown in, and custom ones, of which there are no messages (but for their metadata)."""


def wanted(header: str, forms: tuple[Form, ...] = _FORMS, accepted: tuple[str, ...] = OF_OURS) -> Wanted:
    """What an Accept header asks for, of what can be given: ``forms`` besides the plain one, in ``accepted``.

    As upstream (apiserver pkg/endpoints/handlers/negotiation): the first clause that can be given is; one with an
    unknown ``as`` or ``v`` cannot. But who takes JSON as well gets no protobuf, whatever comes first: of what is JSON
    already, it would have to be made. Raises StatusError 406 when none can.
    """
    if not header or header == JSON:
        return PLAIN
    return (_remembered if len(header) <= _REMEMBERED_LETTERS else _wanted)(header, forms, accepted)


def _wanted(header: str, forms: tuple[Form, ...], accepted: tuple[str, ...]) -> Wanted:
    clauses = accept(header)
    for clause in clauses:
        media_type = next((each for each in (JSON, YAML) if clause.includes(each)), None)
        if media_type is not None and (found := _given(clause, forms, media_type)) is not None:
            return found
    for clause in clauses:
        found = _given(clause, tuple(set(forms) - {Form.TABLE}), PROTOBUF) if clause.type == PROTOBUF else None
        if found is not None and (PROTOBUF in accepted or found.form is not Form.PLAIN):
            return found
    raise not_acceptable(accepted)


_remembered = lru_cache(maxsize=512)(_wanted)


def _given(clause: MediaType, forms: Sequence[Form], media_type: str) -> Wanted | None:
    form = _form(clause.parameters, forms)
    if form is None:
        return None
    return Wanted(form, "" if form is Form.PLAIN else clause.parameters["v"], media_type)


def _form(parameters: Mapping[str, str], forms: Sequence[Form]) -> Form | None:
    """None: it cannot be given."""
    name = parameters.get("as", "")
    if not name:
        return Form.PLAIN
    found = next((form for form in forms if form.value == name), None)
    fits = parameters.get("g") == _META_GROUP and parameters.get("v") in _META_VERSIONS
    return found if found and fits else None


def fitting(want: Wanted, is_list: bool) -> Wanted:
    """``want``, checked against what is to be shown: PartialObjectMetadataList is for lists, PartialObjectMetadata for
    single objects (and the events of a watch). Raises StatusError 406."""
    if want.form is Form.METADATA_LIST and not is_list:
        raise _unfit("you requested PartialObjectMetadataList, but the requested object is not a list")
    if want.form is Form.METADATA and is_list:
        raise _unfit("you requested PartialObjectMetadata, but the requested object is a list")
    return want


def _unfit(why: str) -> StatusError:
    return StatusError(406, "NotAcceptable", why)
