"""The names of signers: ``example.com/namespace.name`` (pkg/apis/core/validation/names.go)."""

from collections.abc import Sequence

from wherry.kube.kinds.rules import Found
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, invalid, required, too_long

_MAX_DOMAIN, _MAX_PATH = 253, 253 + 63 + 1
_FORM = "must be a fully qualified domain and path of the form 'example.com/signer-name'"


def is_of_kubernetes(signer: str) -> bool:
    host = signer.partition("/")[0]
    return host == "kubernetes.io" or host.endswith(".kubernetes.io")


def validate_signer(path: Path, signer: str) -> Found:
    if not signer:
        return [required(path)]
    segments = signer.split("/")
    if len(segments) != 2:
        return [invalid(path, signer, _FORM)]
    domain, below = segments
    found = [too_long(path, "", _MAX_DOMAIN)] if len(domain) > _MAX_DOMAIN else []
    found += _labels(path, domain, names.dns1123_label)
    if "." not in domain:
        why = "should be a domain with at least two segments separated by dots"
        found.append(invalid(path, domain, why))
    found += _labels(path, below, names.dns1123_subdomain)
    longest = _MAX_DOMAIN + _MAX_PATH + 1
    return [*found, too_long(path, "", longest)] if len(signer) > longest else found


def _labels(path: Path, segment: str, check: names.NameCheck) -> Found:
    """What is wrong with the first label that is wrong."""
    for label in segment.split("."):
        if complaints := check(label):
            return [invalid(path, segment, f'validating label "{label}": {why}') for why in complaints]
    return []


def bundle_name(name: str, signer: str) -> Sequence[str]:
    """Complaints about the name of a ClusterTrustBundle, which begins with its signer's."""
    if not signer:
        if ":" in name:
            return ['ClusterTrustBundle without signer name must not have ":" in its name']
        return names.dns1123_subdomain(name)
    prefix = signer.replace("/", ":") + ":"
    if not name.startswith(prefix):
        return [f"ClusterTrustBundle for signerName {signer} must be named with prefix {prefix}"]
    return names.dns1123_subdomain(name.removeprefix(prefix))
