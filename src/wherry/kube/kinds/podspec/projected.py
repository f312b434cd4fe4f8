"""Projected volumes: several sources in one directory."""

import re

from wherry.kube.kinds.checking import needed
from wherry.kube.kinds.podspec.environment import validate_local_path
from wherry.kube.kinds.podspec.sources import validate_downward_file, validate_items, validate_mode
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import validate_label_selector

_KINDS = ("secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate")
_CONFLICT = "conflicting duplicate paths"
_LEAST_TOKEN_SECONDS = 600
_MOST_TOKEN_SECONDS = 2**32
_LEAST_CERTIFICATE_SECONDS = 3600
_MOST_CERTIFICATE_SECONDS = 91 * 24 * 3600
_KEY_TYPES = ("ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096")
_SIGNER = re.compile(r"[^/]+/[^/]+")


def validate_projected(source: Object, path: Path) -> list[FieldError]:
    errors = validate_mode(source, "defaultMode", path)
    taken: set[str] = set()
    for position, each in enumerate(source.get("sources") or ()):
        errors += _validate_projection(each, taken, path, path.child("sources").index(position))
    return errors


def _validate_projection(projection: Object, taken: set[str], path: Path, at: Path) -> list[FieldError]:
    kinds = [kind for kind in _KINDS if projection.get(kind) is not None]
    errors: list[FieldError] = []
    for kind in kinds:
        found, targets = _VALIDATE[kind](projection[kind], path, at.child(kind))
        errors += found
        named = projection[kind].get("name", "") if kind in ("secret", "configMap") else None
        for target in targets:
            if target in taken:
                errors.append(invalid(path, target if named is None else named, _CONFLICT))
            taken.add(target)
    if len(kinds) > 1:
        errors.append(forbidden(at, "may not specify more than 1 volume type per source"))
    return errors


_Checked = tuple[list[FieldError], list[str]]  # what is wrong, and the paths that are taken


def _files(source: Object, path: Path, at: Path) -> _Checked:
    errors = needed(at, source, "name")
    targets = [item["path"] for item in source.get("items") or () if item.get("path")]
    return errors + validate_items(source, at), targets


def _downward(source: Object, path: Path, at: Path) -> _Checked:
    files = source.get("items") or ()
    errors = [error for file in files for error in validate_downward_file(file, at)]
    return errors, [file["path"] for file in files if file.get("path")]


def _token(source: Object, path: Path, at: Path) -> _Checked:
    seconds, target = source.get("expirationSeconds", 0), source.get("path", "")
    errors: list[FieldError] = []
    if seconds < _LEAST_TOKEN_SECONDS:
        least = "may not specify a duration less than 10 minutes"
        errors.append(invalid(at.child("expirationSeconds"), seconds, least))
    if seconds > _MOST_TOKEN_SECONDS:
        most = "may not specify a duration larger than 2^32 seconds"
        errors.append(invalid(at.child("expirationSeconds"), seconds, most))
    if not target:
        errors.append(required(path.child("path")))
    else:
        errors += validate_local_path(target, path.child("path"))
    return errors, []


def _bundle(source: Object, path: Path, at: Path) -> _Checked:
    name, signer, target = source.get("name"), source.get("signerName"), source.get("path", "")
    selector = source.get("labelSelector")
    errors: list[FieldError] = []
    if name is not None and signer is not None:
        errors.append(invalid(at, source, "only one of name and signerName may be used"))
    elif name is not None:
        errors += _bundle_name(name, at.child("name"))
        if selector is not None:
            unset = "labelSelector must be unset if name is specified"
            errors.append(invalid(at.child("labelSelector"), selector, unset))
    elif signer is not None:
        errors += _signer(signer, at.child("signerName"))
        errors += validate_label_selector(selector, at.child("labelSelector"))
    else:
        errors.append(required(at, "either name or signerName must be specified"))
    if not target:
        errors.append(required(at.child("path")))
    return errors + validate_local_path(target, at.child("path")), [target]


def _bundle_name(name: str, path: Path) -> list[FieldError]:
    """``signer:domain:name``, or a plain name."""
    if not name:
        return [required(path, "must be a valid object name")]
    plain = name.rpartition(":")[2]
    complaints = names.dns1123_subdomain(plain)
    return names.complain(path, name, [f"not a valid clustertrustbundlename: {each}" for each in complaints])


def _signer(name: str, path: Path) -> list[FieldError]:
    if not name:
        return [required(path, "must be a valid signer name")]
    if _SIGNER.fullmatch(name) is None:
        return [invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")]
    domain, _, rest = name.partition("/")
    errors = names.complain(path, domain, names.dns1123_subdomain(domain))
    if "." not in domain:
        errors.append(invalid(path, domain, "should be a domain with at least two segments separated by dots"))
    return errors + names.complain(path, rest, names.dns1123_subdomain(rest))


def _certificate(source: Object, path: Path, at: Path) -> _Checked:
    signer, kind, seconds = source.get("signerName", ""), source.get("keyType", ""), source.get("maxExpirationSeconds")
    errors = _signer(signer, at.child("signerName"))
    if kind not in _KEY_TYPES:
        errors.append(not_supported(at.child("keyType"), kind, _KEY_TYPES))
    if seconds is not None and not _LEAST_CERTIFICATE_SECONDS <= seconds <= _MOST_CERTIFICATE_SECONDS:
        bounds = names.in_range(_LEAST_CERTIFICATE_SECONDS, _MOST_CERTIFICATE_SECONDS)
        errors.append(invalid(at.child("maxExpirationSeconds"), seconds, bounds))
    targets = []
    for name in ("credentialBundlePath", "keyPath", "certificateChainPath"):
        if target := source.get(name):
            errors += validate_local_path(target, at.child(name))
            targets.append(target)
    if not targets:
        one = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"
        errors.append(required(at, one))
    return errors, targets


_VALIDATE = {
    "secret": _files,
    "configMap": _files,
    "downwardAPI": _downward,
    "serviceAccountToken": _token,
    "clusterTrustBundle": _bundle,
    "podCertificate": _certificate,
}
