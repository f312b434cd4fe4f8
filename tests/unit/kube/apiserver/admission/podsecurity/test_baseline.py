"""One by one what the table of cases does not show."""

from wherry.kube.apiserver.admission.podsecurity import baseline


def pod(*containers: dict[str, object], **spec: object) -> dict[str, object]:
    return {"spec": {"containers": list(containers), **spec}}


def test_several_containers_are_named_in_order() -> None:
    bad = {"securityContext": {"privileged": True}}
    finding = baseline.privileged(pod({"name": "b", **bad}, {"name": "good"}, {"name": "a", **bad}))
    assert finding and finding.detail == 'containers "b", "a" must not set securityContext.privileged=true'


def test_pod_and_containers_are_named_together() -> None:
    context = {"securityContext": {"windowsOptions": {"hostProcess": True}}}
    finding = baseline.windows_host_process(pod({"name": "a", **context}, **context))
    assert finding and finding.detail.startswith('pod and container "a" must not set')


def test_several_profiles_are_several() -> None:
    first = {"name": "a", "securityContext": {"appArmorProfile": {"type": "X"}}}
    second = {"name": "b", "securityContext": {"appArmorProfile": {"type": "Y"}}}
    finding = baseline.apparmor_profile({**pod(first, second), "metadata": {}})
    assert finding and str(finding) == (
        'forbidden AppArmor profiles (containers "a", "b" must not set AppArmor profile type to "X", "Y")'
    )


def test_an_empty_security_context_is_none() -> None:
    plain = pod({"name": "a", "securityContext": None}, securityContext=None, volumes=None)
    checks = (
        baseline.capabilities, baseline.proc_mount, baseline.seccomp_profile, baseline.Sysctls(37),
        baseline.SelinuxOptions(37), baseline.host_path_volumes, baseline.host_namespaces,
    )  # fmt: skip
    assert not any(check(plain) for check in checks)
