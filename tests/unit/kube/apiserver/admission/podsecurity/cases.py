"""Pods and what the Pod Security Standards find in them: (name, change to a good pod, what each level says).

A good pod passes restricted. ``baseline`` and ``restricted`` are upstream's texts, in order; empty: it passes.
"""

import copy
from dataclasses import dataclass

from wherry.kube.machinery.model import Object

GOOD: Object = {
    "metadata": {"name": "p"},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {"name": "a", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
        ],
        "initContainers": [
            {"name": "i", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
        ],
    },
}


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    pod: Object
    baseline: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()
    minor: int = 37


def changed(**spec: object) -> Object:
    """The good pod with those fields of its spec."""
    obj = copy.deepcopy(GOOD)
    obj["spec"].update(spec)
    return obj


def secured(**context: object) -> Object:
    """With those fields in the first container's security context (None: without the field)."""
    obj = copy.deepcopy(GOOD)
    _set(obj["spec"]["containers"][0]["securityContext"], context)
    return obj


def pod_secured(**context: object) -> Object:
    """With those fields in the pod's security context."""
    obj = copy.deepcopy(GOOD)
    _set(obj["spec"]["securityContext"], context)
    return obj


def _set(target: Object, values: dict[str, object]) -> None:
    for name, value in values.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = value


def annotated(**annotations: str) -> Object:
    obj = copy.deepcopy(GOOD)
    obj["metadata"]["annotations"] = {"container.apparmor.security.beta.kubernetes.io/a": annotations["apparmor"]}
    return obj


def contained(**fields: object) -> Object:
    """With those fields in the first container."""
    obj = copy.deepcopy(GOOD)
    obj["spec"]["containers"][0].update(fields)
    return obj


def both(text: str) -> dict[str, tuple[str, ...]]:
    return {"baseline": (text,), "restricted": (text,)}


NAMESPACES = "host namespaces ({}=true)"
PROC = 'procMount (container "a" must not set securityContext.procMount to "Unmasked")'
ROOT = "runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)"
CASES = [
    Case("good", GOOD),
    Case("host network", changed(hostNetwork=True), **both(NAMESPACES.format("hostNetwork"))),
    Case("host pid", changed(hostPID=True), **both(NAMESPACES.format("hostPID"))),
    Case("host ipc", changed(hostIPC=True), **both(NAMESPACES.format("hostIPC"))),
    Case(
        "all host namespaces", changed(hostIPC=True, hostPID=True, hostNetwork=True),
        **both("host namespaces (hostIPC=true, hostNetwork=true, hostPID=true)"),
    ),
    Case("no host namespaces", changed(hostIPC=False, hostPID=False, hostNetwork=False)),
    Case(
        "privileged", secured(privileged=True),
        **both('privileged (container "a" must not set securityContext.privileged=true)'),
    ),
    Case("not privileged", secured(privileged=False)),
    Case(
        "a capability beyond the default", secured(capabilities={"drop": ["ALL"], "add": ["NET_RAW", "CHOWN"]}),
        ('non-default capabilities (container "a" must not include "NET_RAW" in securityContext.capabilities.add)',),
        ('unrestricted capabilities (container "a" must not include "CHOWN", "NET_RAW" in '
         "securityContext.capabilities.add)",),
    ),
    Case(
        "a default capability", secured(capabilities={"drop": ["ALL"], "add": ["CHOWN"]}), (),
        ('unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',),
    ),
    Case("the one capability that is left", secured(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})),
    Case(
        "capabilities are not dropped", secured(capabilities={"drop": ["NET_RAW"]}), (),
        ('unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])',),
    ),
    Case(
        "capabilities are not named", secured(capabilities=None), (),
        ('unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])',),
    ),
    Case("before 1.22 capabilities were not restricted", secured(capabilities=None), minor=21),
    Case(
        "a host path", changed(volumes=[{"name": "v", "hostPath": {"path": "/"}}]),
        ('hostPath volumes (volume "v")',),
        ('restricted volume types (volume "v" uses restricted volume type "hostPath")',),
    ),
    Case(
        "two host paths", changed(volumes=[{"name": "v", "hostPath": {}}, {"name": "w", "hostPath": {}}]),
        ('hostPath volumes (volumes "v", "w")',),
        ('restricted volume types (volumes "v", "w" use restricted volume type "hostPath")',),
    ),
    Case(
        "volumes of other kinds", changed(volumes=[{"name": "v", "nfs": {}}, {"name": "w", "image": {}}]), (),
        ('restricted volume types (volumes "v", "w" use restricted volume types "nfs", "unknown")',),
    ),
    Case(
        "volumes that all may have",
        changed(volumes=[{"name": kind, kind: {}} for kind in
                         ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
                          "projected", "secret")]),
    ),
    Case(
        "a host port", contained(ports=[{"containerPort": 80, "hostPort": 80}]),
        **both('hostPort (container "a" uses hostPort 80)'),
    ),
    Case(
        "two host ports", contained(ports=[{"hostPort": 80}, {"hostPort": 443}]),
        **both('hostPort (container "a" uses hostPorts 443, 80)'),
    ),
    Case("ports that are not the host's", contained(ports=[{"containerPort": 80}, {"hostPort": 0}])),
    Case(
        "a probe of another host", contained(livenessProbe={"httpGet": {"host": "169.254.169.254"}}),
        **both('probe or lifecycle host (container "a" uses probe or lifecycle host "169.254.169.254")'),
    ),
    Case(
        "a hook to other hosts",
        contained(lifecycle={"preStop": {"tcpSocket": {"host": "b"}}, "postStart": {"httpGet": {"host": "a"}}}),
        **both('probe or lifecycle host (container "a" uses probe or lifecycle hosts "a", "b")'),
    ),
    Case("a probe of itself", contained(startupProbe={"httpGet": {"path": "/"}}, readinessProbe={"exec": {}})),
    Case("before 1.34 a probe went anywhere", contained(readinessProbe={"tcpSocket": {"host": "x"}}), minor=33),
    Case("an unmasked proc", secured(procMount="Unmasked"), **both(PROC)),
    Case("a masked proc", secured(procMount="Default")),
    Case(
        "an unmasked proc in a user namespace",
        {**secured(procMount="Unmasked"), "spec": {**secured(procMount="Unmasked")["spec"], "hostUsers": False}},
        (), (PROC,),
    ),
    Case(
        "the same before 1.35",
        {**secured(procMount="Unmasked"), "spec": {**secured(procMount="Unmasked")["spec"], "hostUsers": False}},
        (PROC,), (PROC,), minor=34,
    ),
    Case(
        "a SELinux type", secured(seLinuxOptions={"type": "spc_t"}),
        **both('seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "spc_t")'),
    ),
    Case(
        "a SELinux user and role", pod_secured(seLinuxOptions={"user": "u", "role": "r"}),
        **both("seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: user may not be set; "
               "role may not be set)"),
    ),
    Case("a SELinux type of containers", pod_secured(seLinuxOptions={"type": "container_engine_t", "level": "s0"})),
    Case(
        "the same before 1.31", pod_secured(seLinuxOptions={"type": "container_engine_t"}),
        **both('seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")'),
        minor=30,
    ),
    Case(
        "seccomp unconfined", pod_secured(seccompProfile={"type": "Unconfined"}),
        **both('seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")'),
    ),
    Case(
        "seccomp unconfined in a container", secured(seccompProfile={"type": "Unconfined"}),
        **both('seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")'),
    ),
    Case(
        "seccomp not named", pod_secured(seccompProfile=None), (),
        ('seccompProfile (pod or containers "i", "a" must set securityContext.seccompProfile.type to '
         '"RuntimeDefault" or "Localhost")',),
    ),
    Case("a seccomp profile of the machine", secured(seccompProfile={"type": "Localhost", "localhostProfile": "x"})),
    Case(
        "a sysctl of the machine", pod_secured(sysctls=[{"name": "kernel.msgmax"}, {"name": "net.core.somaxconn"}]),
        **both("forbidden sysctls (kernel.msgmax, net.core.somaxconn)"),
    ),
    Case("a sysctl of the pod", pod_secured(sysctls=[{"name": "net.ipv4.tcp_rmem"}])),
    Case(
        "the same before 1.32", pod_secured(sysctls=[{"name": "net.ipv4.tcp_rmem"}]),
        **both("forbidden sysctls (net.ipv4.tcp_rmem)"), minor=31,
    ),
    Case(
        "a process of a Windows host", pod_secured(windowsOptions={"hostProcess": True}),
        **both("hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)"),
    ),
    Case(
        "AppArmor unconfined by annotation", annotated(apparmor="unconfined"),
        **both('forbidden AppArmor profile (annotation "container.apparmor.security.beta.kubernetes.io/a" must not set '
               'AppArmor profile type to "unconfined")'),
    ),
    Case("an AppArmor profile of the machine", annotated(apparmor="localhost/mine")),
    Case(
        "AppArmor unconfined", secured(appArmorProfile={"type": "Unconfined"}),
        **both('forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined")'),
    ),
    Case(
        "privilege escalation", secured(allowPrivilegeEscalation=True), (),
        ('allowPrivilegeEscalation != false (container "a" must set '
         "securityContext.allowPrivilegeEscalation=false)",),
    ),
    Case(
        "privilege escalation not named", secured(allowPrivilegeEscalation=None), (),
        ('allowPrivilegeEscalation != false (container "a" must set '
         "securityContext.allowPrivilegeEscalation=false)",),
    ),
    Case("a pod of Windows escalates as it likes",
         {**secured(allowPrivilegeEscalation=None),
          "spec": {**secured(allowPrivilegeEscalation=None)["spec"], "os": {"name": "windows"}}}),
    Case("root is allowed", pod_secured(runAsNonRoot=False), (), (ROOT,)),
    Case(
        "root is not ruled out", pod_secured(runAsNonRoot=None), (),
        ('runAsNonRoot != true (pod or containers "i", "a" must set securityContext.runAsNonRoot=true)',),
    ),
    Case(
        "root is allowed in a container", secured(runAsNonRoot=False), (),
        ('runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)',),
    ),
    Case("root of a user namespace", {**GOOD, "spec": {**pod_secured(runAsNonRoot=False, runAsUser=0)["spec"],
                                                      "hostUsers": False}}),
    Case(
        "root by number", {**GOOD, "spec": {**pod_secured(runAsUser=0)["spec"]}}, (),
        ("runAsUser=0 (pod must not set runAsUser=0)",),
    ),
    Case("root by number before 1.23", pod_secured(runAsUser=0), minor=22),
    Case("another user", secured(runAsUser=1000)),
    Case(
        "an empty pod", {"metadata": {}, "spec": {"containers": [{"name": "a"}]}}, (),
        (
            'allowPrivilegeEscalation != false (container "a" must set '
            "securityContext.allowPrivilegeEscalation=false)",
            'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])',
            'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)',
            'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or '
            '"Localhost")',
        ),
    ),
]  # fmt: skip
