"""Parameters and variables of policies (k8s.io/kubernetes pkg/apis/admissionregistration/validation)."""

import re

from wherry.kube.kinds.rules import Found, unsupported
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, forbidden, invalid, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import validate_label_selector

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = (
    "true false null in as break const continue else for function if import let loop package namespace return var void "
    "while"
)
_RESERVED = frozenset(_WORDS.split())
_EITHER = "name and selector are mutually exclusive"


def validate_kind(kind: Object | None, path: Path) -> Found:
    """Of a ParamKind."""
    if kind is None:
        return []
    name, where = kind.get("kind", ""), path.child("kind")
    found = _validate_version(kind.get("apiVersion", ""), path.child("apiVersion"))
    if not name:
        return [*found, required(where)]
    complaints = names.dns1035_label(name.lower())
    why = f"may have mixed case, but should otherwise match: {','.join(complaints)}"
    return [*found, invalid(where, name, why)] if complaints else found


def _validate_version(text: str, path: Path) -> Found:
    if not text:
        return [required(path)]
    if text.count("/") > 1:
        return [invalid(path, text, f"unexpected GroupVersion string: {text}")]
    group, _, version = text.rpartition("/")
    found: Found = []
    if group and (complaints := names.dns1123_subdomain(group)):
        found.append(invalid(path, group, ",".join(complaints)))
    if not version:
        found.append(invalid(path, text, "version must be specified"))
    elif complaints := names.dns1035_label(version):
        found.append(invalid(path, version, ",".join(complaints)))
    return found


def validate_reference(reference: Object | None, path: Path) -> Found:
    """Of a ParamRef."""
    if reference is None:
        return []
    name, selector, found = reference.get("name", ""), reference.get("selector"), Found()
    if name:
        found += names.complain(path.child("name"), name, names.path_segment(name))
    if name and selector is not None:
        found.append(forbidden(path.child("name"), _EITHER))
    if selector is not None:
        found += validate_label_selector(selector, path.child("selector"))
    if name and selector is not None:
        found.append(forbidden(path.child("selector"), _EITHER))
    if not name and selector is None:
        found.append(required(path, "one of name or selector must be specified"))
    action, where = reference.get("parameterNotFoundAction", ""), path.child("parameterNotFoundAction")
    if not action:
        found.append(required(where))
    elif action not in ("Allow", "Deny"):
        found.append(unsupported(where, action, "Allow", "Deny"))
    return found


def validate_variable(variable: Object, path: Path) -> Found:
    name, found = variable.get("name", ""), Found()
    if not name.strip():
        found.append(required(path.child("name"), "name is not specified"))
    elif not _IDENTIFIER.fullmatch(name) or name in _RESERVED:
        found.append(invalid(path.child("name"), name, "name is not a valid CEL identifier"))
    if not variable.get("expression", "").strip():
        found.append(required(path.child("expression"), "expression is not specified"))
    return found


def shown_kind(kind: Object | None) -> str:
    """As a column shows it."""
    return f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}" if kind is not None else "<unset>"


def shown_reference(reference: Object | None) -> str:
    """As a column shows it: whether the parameter has a namespace is not known here."""
    found = reference or {}
    if found.get("name"):
        return f"{found.get('namespace') or '*'}/{found['name']}"
    return "<unset>" if found.get("selector") is None else _shown_selector(found["selector"])


def _shown_selector(selector: object) -> str:
    from wherry.kube.kinds.rows import selector as shown

    return shown(selector if isinstance(selector, dict) else None)
