"""The ``filters`` parameter: ``{"label":{"a=b":true}}`` from Go clients, ``{"label":["a=b"]}`` from others."""

from collections.abc import Collection, Mapping

import msgspec

from wherry.kit.errors import Invalid

Filters = Mapping[str, list[str]]


def parse_filters(text: str, known: Collection[str]) -> dict[str, list[str]]:
    """Values by filter name. Raises Invalid for bad JSON and for names not in ``known``, as dockerd does."""
    if not text:
        return {}
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise Invalid(f"invalid filter: {error}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise Invalid("invalid filter: must be a JSON object")
    return {name: _values(name, values, known) for name, values in document.items()}


def _values(name: str, values: object, known: Collection[str]) -> list[str]:
    if name not in known:
        raise Invalid(f"invalid filter '{name}'")
    if isinstance(values, str):
        values = [values]
    if isinstance(values, dict):
        values = [value for value, wanted in values.items() if wanted]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Invalid(f"invalid filter '{name}': must be a list of strings or a map of strings to true")
    return values
