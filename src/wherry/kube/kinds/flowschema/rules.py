"""Which requests a flow schema is about (k8s.io/kubernetes pkg/apis/flowcontrol/validation)."""

from collections.abc import Sequence

from wherry.kube.kinds.rules import Found, each, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
_SUBJECTS = {"ServiceAccount": "serviceAccount", "User": "user", "Group": "group"}
"""The kinds of subjects, and the fields they are in."""


def validate_rule(rule: Object, path: Path) -> Found:
    """Of a PolicyRulesWithSubjects."""
    subjects, resources, others = (rule.get(name) or () for name in ("subjects", "resourceRules", "nonResourceRules"))
    found: Found = []
    if not subjects:
        found.append(required(path.child("subjects"), "subjects must contain at least one value"))
    found += each(path.child("subjects"), subjects, _validate_subject)
    if not resources and not others:
        found.append(required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"))
    found += each(path.child("resourceRules"), resources, _validate_resources)
    return found + each(path.child("nonResourceRules"), others, _validate_urls)


def _validate_subject(subject: Object, path: Path) -> Found:
    kind = subject.get("kind", "")
    if kind not in _SUBJECTS:
        return [not_supported(path.child("kind"), kind, _SUBJECTS)]
    field = _SUBJECTS[kind]
    chosen, where, found = subject.get(field), path.child(field), Found()
    if chosen is None:
        found.append(required(where, f"{field} is required when subject kind is '{kind}'"))
    elif kind == "ServiceAccount":
        found += _validate_account(chosen, where)
    elif not chosen.get("name"):
        found.append(required(where.child("name")))
    for other, name in _SUBJECTS.items():
        if other != kind and subject.get(name) is not None:
            found.append(forbidden(path.child(name), f"{name} is forbidden when subject kind is not '{other}'"))
    return found


def _validate_account(account: Object, path: Path) -> Found:
    name, found = account.get("name", ""), Found()
    if name != "*":
        found += wanted(path.child("name"), name, names.dns1123_subdomain)
    why = "must specify namespace for service account"
    return found + wanted(path.child("namespace"), account.get("namespace", ""), names.dns1123_label, why)


def _validate_verbs(verbs: Sequence[str], path: Path) -> Found:
    found = _validate_all(verbs, path, "verbs must contain at least one value", "verbs")
    unknown = verbs and "*" not in verbs and not set(verbs) <= set(_VERBS)
    return [*found, not_supported(path, verbs, _VERBS)] if unknown else found


def _validate_all(items: Sequence[str], path: Path, missing: str, noun: str) -> Found:
    if not items:
        return [required(path, missing)]
    if len(items) > 1 and "*" in items:
        return [invalid(path, items, f"if '*' is present, must not specify other {noun}")]
    return []


def _validate_resources(rule: Object, path: Path) -> Found:
    found = _validate_verbs(rule.get("verbs") or [], path.child("verbs"))
    for field, one, noun in (("apiGroups", "api group", "api groups"), ("resources", "resource", "resources")):
        missing = f"resource rules must supply at least one {one}"
        found += _validate_all(rule.get(field) or [], path.child(field), missing, noun)
    namespaces, where = rule.get("namespaces") or [], path.child("namespaces")
    if namespaces or not rule.get("clusterScope"):
        missing = "resource rules that are not cluster scoped must supply at least one namespace"
        found += _validate_all(namespaces, where, missing, "namespaces")
    must = "each member of this list must be '*' or a DNS-1123 label; "
    for position, name in enumerate(() if "*" in namespaces else namespaces):
        found += [invalid(where.index(position), name, must + why) for why in names.dns1123_label(name)]
    return found


def _validate_urls(rule: Object, path: Path) -> Found:
    found = _validate_verbs(rule.get("verbs") or [], path.child("verbs"))
    urls, where = rule.get("nonResourceURLs") or [], path.child("nonResourceURLs")
    missing = "nonResourceURLs must contain at least one value"
    found += _validate_all(urls, where, missing, "non-resource URLs")
    return found + each(where, () if "*" in urls else urls, _validate_url)


def _validate_url(url: str, path: Path) -> Found:
    if url == "/":
        return []
    wrong = {
        "must not be empty": not url,
        "must start with slash": not url.startswith("/"),
        "must not contain white-space": " " in url,
        "must not contain double slash": "//" in url,
        "wildcard can only do suffix matching": "*" in url and (url.count("*") > 1 or not url.endswith("/*")),
    }
    return next(([invalid(path, url, why)] for why, is_so in wrong.items() if is_so), [])
