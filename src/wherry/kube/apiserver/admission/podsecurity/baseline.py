"""The checks of level baseline. Each takes a pod or pod template and gives what is wrong, or None.

Their texts and tables: k8s.io/pod-security-admission policy/check_*.go, up to Kubernetes 1.37.
"""

from wherry.kube.apiserver.admission.podsecurity.finding import (
    Finding,
    has_no_host_user,
    name,
    number,
    quoted,
    security,
    setters,
    these,
)
from wherry.kube.apiserver.admission.podspec import containers
from wherry.kube.machinery.model import Object

CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
SYSCTLS = {
    0: ("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start"),
    27: ("net.ipv4.ip_local_reserved_ports",),
    29: ("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
         "net.ipv4.tcp_keepalive_probes"),
    32: ("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
}  # fmt: skip
"""Since which minor version which are harmless."""
SELINUX_TYPES = {0: ("", "container_t", "container_init_t", "container_kvm_t"), 31: ("container_engine_t",)}
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
PROFILES = ("RuntimeDefault", "Localhost")


def apparmor_profile(pod: Object) -> Finding | None:
    spec = pod["spec"]
    bad: set[str] = set()

    def is_bad(holder: Object) -> bool:
        profile = security(holder).get("appArmorProfile")
        if profile is None or profile.get("type") in PROFILES:
            return False
        bad.add(profile.get("type", ""))
        return True

    whole = is_bad(spec)
    named = [name(each) for each in containers(spec) if is_bad(each)]
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    forbidden = []
    for key, value in sorted(annotations.items()):
        if key.startswith(APPARMOR) and value not in ("", "runtime/default") and not value.startswith("localhost/"):
            forbidden.append(key)
            bad.add(value)
    who = [each for each in (setters(whole, named), these(forbidden, "annotation") if forbidden else "") if each]
    if not who:
        return None
    detail = f"{' and '.join(who)} must not set AppArmor profile type to {quoted(sorted(bad))}"
    return Finding(number("forbidden AppArmor profile", bad), detail)


def capabilities(pod: Object) -> Finding | None:
    bad: set[str] = set()
    named = []
    for container in containers(pod["spec"]):
        beyond = set((security(container).get("capabilities") or {}).get("add") or ()) - CAPABILITIES
        if beyond:
            named.append(name(container))
            bad |= beyond
    if not named:
        return None
    what = f"must not include {quoted(sorted(bad))} in securityContext.capabilities.add"
    return Finding("non-default capabilities", f"{these(named)} {what}")


def host_namespaces(pod: Object) -> Finding | None:
    shared = [f"{field}=true" for field in ("hostIPC", "hostNetwork", "hostPID") if pod["spec"].get(field)]
    return Finding("host namespaces", ", ".join(shared)) if shared else None


def host_path_volumes(pod: Object) -> Finding | None:
    named = [name(each) for each in pod["spec"].get("volumes") or () if each.get("hostPath") is not None]
    return Finding("hostPath volumes", these(named, "volume")) if named else None


def host_ports(pod: Object) -> Finding | None:
    ports: set[str] = set()
    named = []
    for container in containers(pod["spec"]):
        taken = {str(port["hostPort"]) for port in container.get("ports") or () if port.get("hostPort")}
        if taken:
            named.append(name(container))
            ports |= taken
    if not named:
        return None
    uses = "uses" if len(named) == 1 else "use"
    return Finding("hostPort", f"{these(named)} {uses} {number('hostPort', ports)} {', '.join(sorted(ports))}")


def host_probes_and_lifecycle(pod: Object) -> Finding | None:
    """A node connects there: to any address that a pod's author likes."""
    hosts: set[str] = set()
    named: set[str] = set()
    for container in containers(pod["spec"]):
        lifecycle = container.get("lifecycle") or {}
        handlers = [container.get(field) for field in ("livenessProbe", "readinessProbe", "startupProbe")]
        handlers += [lifecycle.get("postStart"), lifecycle.get("preStop")]
        for handler in handlers:
            for action in ("httpGet", "tcpSocket"):
                host = ((handler or {}).get(action) or {}).get("host")
                if host:
                    hosts.add(host)
                    named.add(name(container))
    if not named:
        return None
    uses, what = "uses" if len(named) == 1 else "use", number("probe or lifecycle host", hosts)
    return Finding("probe or lifecycle host", f"{these(sorted(named))} {uses} {what} {quoted(sorted(hosts))}")


def privileged(pod: Object) -> Finding | None:
    named = [name(each) for each in containers(pod["spec"]) if security(each).get("privileged")]
    return Finding("privileged", f"{these(named)} must not set securityContext.privileged=true") if named else None


def proc_mount(pod: Object) -> Finding | None:
    bad: set[str] = set()
    named = []
    for container in containers(pod["spec"]):
        mount = security(container).get("procMount")
        if mount is not None and mount != "Default":
            named.append(name(container))
            bad.add(mount)
    if not named:
        return None
    return Finding("procMount", f"{these(named)} must not set securityContext.procMount to {quoted(sorted(bad))}")


def proc_mount_35(pod: Object) -> Finding | None:
    return None if has_no_host_user(pod["spec"]) else proc_mount(pod)


class SelinuxOptions:
    """The check as of a version."""

    def __init__(self, minor: int) -> None:
        self._types = {each for since, types in SELINUX_TYPES.items() if since <= minor for each in types}

    def __call__(self, pod: Object) -> Finding | None:
        spec = pod["spec"]
        types: set[str] = set()
        more: dict[str, None] = {}

        def is_bad(holder: Object) -> bool:
            options = security(holder).get("seLinuxOptions") or {}
            wrong = {options.get("type", "")} - self._types
            types.update(wrong)
            texts = [f"{field} may not be set" for field in ("user", "role") if options.get(field)]
            more.update(dict.fromkeys(texts))
            return bool(wrong or texts)

        whole = is_bad(spec)
        named = [name(each) for each in containers(spec) if is_bad(each)]
        if not whole and not named:
            return None
        said = [these(sorted(types), "type")] if types else []
        said += [each for each in ("user may not be set", "role may not be set") if each in more]
        who = setters(whole, named)
        return Finding("seLinuxOptions", f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(said)}")


def seccomp_annotations(pod: Object) -> Finding | None:
    """Before there was a field, up to 1.18."""
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    keys = [SECCOMP_POD, *(SECCOMP_CONTAINER + name(each) for each in containers(pod["spec"]))]
    bad = {
        f'{key}="{annotations[key]}"'
        for key in keys
        if key in annotations
        and annotations[key] not in ("runtime/default", "docker/default")
        and not annotations[key].startswith("localhost/")
    }
    if not bad:
        return None
    return Finding("seccompProfile", f"forbidden {number('annotation', bad)} {', '.join(sorted(bad))}")


def seccomp_profile(pod: Object) -> Finding | None:
    spec = pod["spec"]
    bad: set[str] = set()

    def is_bad(holder: Object) -> bool:
        profile = security(holder).get("seccompProfile")
        if profile is None or profile.get("type") in PROFILES:
            return False
        bad.add(profile.get("type", ""))
        return True

    whole = is_bad(spec)
    named = [name(each) for each in containers(spec) if is_bad(each)]
    if not bad:
        return None
    what = f"must not set securityContext.seccompProfile.type to {quoted(sorted(bad))}"
    return Finding("seccompProfile", f"{setters(whole, named)} {what}")


class Sysctls:
    """The check as of a version."""

    def __init__(self, minor: int) -> None:
        self._allowed = {each for since, names in SYSCTLS.items() if since <= minor for each in names}

    def __call__(self, pod: Object) -> Finding | None:
        given = [name(each) for each in security(pod["spec"]).get("sysctls") or ()]
        bad = [each for each in given if each not in self._allowed]
        return Finding("forbidden sysctls", ", ".join(bad)) if bad else None


def windows_host_process(pod: Object) -> Finding | None:
    spec = pod["spec"]

    def is_bad(holder: Object) -> bool:
        return bool((security(holder).get("windowsOptions") or {}).get("hostProcess"))

    whole, named = is_bad(spec), [name(each) for each in containers(spec) if is_bad(each)]
    if not whole and not named:
        return None
    who = setters(whole, named)
    return Finding("hostProcess", f"{who} must not set securityContext.windowsOptions.hostProcess=true")
