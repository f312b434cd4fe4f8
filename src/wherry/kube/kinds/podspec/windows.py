"""Options of Windows, which no node of ours has; objects with them are checked all the same."""

import re

from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.model import Object

_SPECIFICATION_KIB = 64
_DOMAIN_BYTES = 256
_USER_BYTES = 104
_has_control = re.compile(r"[\x00-\x1f\x7f]").search
_is_netbios = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}').fullmatch
_DNS = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_is_domain = re.compile(rf"{_DNS}(?:\.{_DNS})*").fullmatch
_has_illegal = re.compile(r'["/\\:;|=,+*?<>@\[\]]').search
_is_blank = re.compile(r"[. ]+").fullmatch


def validate_windows_options(options: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    name, specification = options.get("gmsaCredentialSpecName"), options.get("gmsaCredentialSpec")
    if name is not None:
        errors += names.complain(path.child("gmsaCredentialSpecName"), name, names.dns1123_subdomain(name))
    if specification is not None:
        at = path.child("gmsaCredentialSpec")
        if not specification:
            errors.append(invalid(at, specification, "gmsaCredentialSpec cannot be an empty string"))
        elif len(specification.encode()) > _SPECIFICATION_KIB * 1024:
            size = f"gmsaCredentialSpec size must be under {_SPECIFICATION_KIB} KiB"
            errors.append(invalid(at, specification, size))
    user = options.get("runAsUserName")
    if user is not None:
        at = path.child("runAsUserName")
        errors += [invalid(at, user, complaint) for complaint in _user_complaints(user)]
    return errors


def _user_complaints(user: str) -> list[str]:
    if not user:
        return ["runAsUserName cannot be an empty string"]
    if _has_control(user):
        return ["runAsUserName cannot contain control characters"]
    domain, backslash, account = user.rpartition("\\")
    if "\\" in domain:
        return ["runAsUserName cannot contain more than one backslash"]
    complaints: list[str] = []
    if len(domain) >= _DOMAIN_BYTES:
        complaints.append(f"runAsUserName's Domain length must be under {_DOMAIN_BYTES} characters")
    if backslash and not _is_netbios(domain) and not _is_domain(domain):
        complaints.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    if not account:
        complaints.append("runAsUserName's User cannot be empty")
    elif len(account) > _USER_BYTES:
        complaints.append(f"runAsUserName's User length must not be longer than {_USER_BYTES} characters")
    if _is_blank(account):
        complaints.append("runAsUserName's User cannot contain only periods or spaces")
    if _has_illegal(account):
        complaints.append("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]")
    return complaints


_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def containers_with_paths(spec: Object, path: Path) -> list[tuple[Object, Path]]:
    """All containers of a pod, init ones first, each with its path."""
    found: list[tuple[Object, Path]] = []
    for kind in _CONTAINERS:
        if containers := spec.get(kind):
            at = path.child(kind)
            found += [(container, at.index(position)) for position, container in enumerate(containers)]
    return found


def _is_host_process(owner: Object) -> bool | None:
    options = (owner.get("securityContext") or {}).get("windowsOptions") or {}
    found = options.get("hostProcess")
    return None if found is None else bool(found)


def validate_host_process(spec: Object, path: Path) -> list[FieldError]:
    """All containers are host processes, or none."""
    pod = _is_host_process(spec)
    if pod is None and not any(_is_host_process(each) for kind in _CONTAINERS for each in spec.get(kind) or ()):
        return []
    errors: list[FieldError] = []
    count = 0
    containers = containers_with_paths(spec, path)
    for container, at in containers:
        own = _is_host_process(container)
        if own is not None and pod is not None and own != pod:
            why = f"pod hostProcess value must be identical if both are specified, was {str(pod).lower()}"
            errors.append(invalid(at.child("securityContext", "windowsOptions", "hostProcess"), own, why))
        count += bool(pod if own is None else own)
    if not count:
        return errors
    if count != len(containers):
        all_of_them = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        errors.append(invalid(path, "", all_of_them))
    if not spec.get("hostNetwork"):
        must = "hostNetwork must be true if pod contains any hostProcess containers"
        errors.append(invalid(path.child("hostNetwork"), False, must))
    return errors


_SYSTEMS = ("linux", "windows")
_NOT_IN_POD = ("hostUsers", "hostPID", "hostIPC", "shareProcessNamespace")
_NOT_IN_POD_CONTEXT = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser",
    "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
)  # fmt: skip
_NOT_IN_CONTEXT = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip


def validate_os(spec: Object, path: Path) -> list[FieldError]:
    """Of ``spec.os``, and of what does not go with it. ``path`` is the spec's."""
    system = spec.get("os")
    if system is None:
        return []
    name = system.get("name", "")
    if not name:
        return [required(path.child("os", "name"), "cannot be empty")]
    if name not in _SYSTEMS:
        return [not_supported(path.child("os"), name, _SYSTEMS)]
    contexts = [(spec.get("securityContext") or {}, path.child("securityContext"))]
    of_containers = [
        (container.get("securityContext") or {}, at.child("securityContext"))
        for container, at in containers_with_paths(spec, path)
    ]
    if name == "linux":
        why = "windows options cannot be set for a linux pod"
        return [forbidden(at.child("windowsOptions"), why) for found, at in contexts + of_containers if
                found.get("windowsOptions") is not None]  # fmt: skip
    why = "cannot be set for a windows pod"
    errors = [forbidden(path.child(each), why) for each in _NOT_IN_POD if spec.get(each) not in (None, False)]
    for found, at in contexts:
        errors += [forbidden(at.child(each), why) for each in _NOT_IN_POD_CONTEXT if found.get(each) is not None]
    for found, at in of_containers:
        errors += [forbidden(at.child(each), why) for each in _NOT_IN_CONTEXT if found.get(each) is not None]
    return errors
