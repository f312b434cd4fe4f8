"""All checks, since when each is as it is, and what they find in a pod."""

from collections.abc import Callable

import msgspec

from wherry.kube.apiserver.admission.podsecurity import baseline, restricted
from wherry.kube.apiserver.admission.podsecurity.finding import Finding
from wherry.kube.apiserver.admission.podsecurity.policy import Level, LevelVersion
from wherry.kube.machinery.model import Object

Run = Callable[[Object], Finding | None]


class Check(msgspec.Struct, frozen=True):
    """``versions``: since which minor version of Kubernetes 1 it runs how, rising. ``instead_of``: checks of baseline
    that need not be run where this one is, because it finds the same and more."""

    id: str
    versions: tuple[tuple[int, Run], ...]
    instead_of: tuple[str, ...] = ()

    def as_of(self, minor: int) -> Run | None:
        """None: there was no such check yet."""
        return next((run for since, run in reversed(self.versions) if since <= minor), None)


BASELINE = (
    Check("appArmorProfile", ((0, baseline.apparmor_profile),)),
    Check("capabilities_baseline", ((0, baseline.capabilities),)),
    Check("hostNamespaces", ((0, baseline.host_namespaces),)),
    Check("hostPathVolumes", ((0, baseline.host_path_volumes),)),
    Check("hostPorts", ((0, baseline.host_ports),)),
    Check("hostProbesAndHostLifecycle", ((34, baseline.host_probes_and_lifecycle),)),
    Check("privileged", ((0, baseline.privileged),)),
    Check("procMount", ((0, baseline.proc_mount), (35, baseline.proc_mount_35))),
    Check("seLinuxOptions", tuple((since, baseline.SelinuxOptions(since)) for since in baseline.SELINUX_TYPES)),
    Check("seccompProfile_baseline", ((0, baseline.seccomp_annotations), (19, baseline.seccomp_profile))),
    Check("sysctls", tuple((since, baseline.Sysctls(since)) for since in baseline.SYSCTLS)),
    Check("windowsHostProcess", ((0, baseline.windows_host_process),)),
)
RESTRICTED = (
    Check(
        "allowPrivilegeEscalation",
        (
            (8, restricted.allow_privilege_escalation),
            (25, restricted.but_for_windows(restricted.allow_privilege_escalation)),
        ),
    ),
    Check(
        "capabilities_restricted",
        ((22, restricted.capabilities), (25, restricted.but_for_windows(restricted.capabilities))),
        instead_of=("capabilities_baseline",),
    ),
    Check("procMount_restricted", ((35, baseline.proc_mount),), instead_of=("procMount",)),
    Check("restrictedVolumes", ((0, restricted.restricted_volumes),), instead_of=("hostPathVolumes",)),
    Check(
        "runAsNonRoot",
        ((0, restricted.run_as_non_root), (35, restricted.but_for_user_namespaces(restricted.run_as_non_root))),
    ),
    Check(
        "runAsUser", ((23, restricted.run_as_user), (35, restricted.but_for_user_namespaces(restricted.run_as_user)))
    ),
    Check(
        "seccompProfile_restricted",
        ((19, restricted.seccomp_profile), (25, restricted.but_for_windows(restricted.seccomp_profile))),
        instead_of=("seccompProfile_baseline",),
    ),
)
"""Each list in the order of ids, in which findings are told: baseline's first."""


def evaluate(wanted: LevelVersion, pod: Object) -> list[Finding]:
    """What is wrong with a pod or pod template (``metadata`` and ``spec``) by that level and version."""
    if wanted.level is Level.PRIVILEGED:
        return []
    if not pod.get("spec"):
        pod = {**pod, "spec": {}}
    stricter = RESTRICTED if wanted.level is Level.RESTRICTED else ()
    runs = [(check, check.as_of(wanted.minor)) for check in stricter]
    replaced = {each for check, run in runs if run for each in check.instead_of}
    first = [check.as_of(wanted.minor) for check in BASELINE if check.id not in replaced]
    found = (run(pod) for run in (*first, *(run for _, run in runs)) if run)
    return [finding for finding in found if finding]
