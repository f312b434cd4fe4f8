"""One by one what the table of cases does not show."""

from wherry.kube.apiserver.admission.podsecurity import restricted
from wherry.kube.machinery.model import Object


def pod(context: Object, *contexts: Object) -> Object:
    containers = [{"name": f"c{number}", "securityContext": each} for number, each in enumerate(contexts)]
    return {"spec": {"securityContext": context, "containers": containers}}


def test_a_container_may_take_back_what_its_pod_says() -> None:
    finding = restricted.run_as_non_root(pod({"runAsNonRoot": True}, {"runAsNonRoot": False}, {}))
    assert finding and finding.detail == 'container "c0" must not set securityContext.runAsNonRoot=false'


def test_containers_that_say_it_need_no_word_of_the_pod() -> None:
    assert restricted.run_as_non_root(pod({}, {"runAsNonRoot": True})) is None
    assert restricted.seccomp_profile(pod({}, {"seccompProfile": {"type": "Localhost"}})) is None


def test_the_pod_is_named_beside_its_containers() -> None:
    bad = {"seccompProfile": {"type": "Unconfined"}}
    finding = restricted.seccomp_profile(pod(bad, bad))
    assert finding and finding.detail == (
        'pod and container "c0" must not set securityContext.seccompProfile.type to "Unconfined"'
    )


def test_both_complaints_about_capabilities_come_together() -> None:
    finding = restricted.capabilities(pod({}, {"capabilities": {"add": ["SYS_ADMIN"]}}))
    assert finding and finding.detail == (
        'container "c0" must set securityContext.capabilities.drop=["ALL"]; '
        'container "c0" must not include "SYS_ADMIN" in securityContext.capabilities.add'
    )
