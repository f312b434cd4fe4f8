"""As whom and with what rights."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.node.pods.rig import container, pod
from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.node.pods.composing.security import check_user, image_uid, known_user, security
from wherry.node.pods.runtime import Security

PROFILES = Path("/profiles")


def made(own: Object | None = None, **whole: object) -> Security:
    web = container(securityContext=own or {})
    return security(pod("web", web, securityContext=whole), web, PROFILES)


def test_by_default_it_is_the_images_user_confined() -> None:
    assert made() == Security()


def test_the_containers_word_counts_before_the_pods() -> None:
    found = made({"runAsUser": 1, "runAsNonRoot": False}, runAsUser=2, runAsGroup=3, runAsNonRoot=True)
    assert (found.run_as_user, found.run_as_group, found.run_as_non_root) == (1, 3, False)


def test_groups_are_the_pods() -> None:
    assert made(supplementalGroups=[1, 2], fsGroup=3).supplemental_groups == (1, 2, 3)
    assert made(supplementalGroups=[3], fsGroup=3).supplemental_groups == (3,)
    assert made().image_groups and made(supplementalGroupsPolicy="Merge").image_groups
    assert not made(supplementalGroupsPolicy="Strict").image_groups


def test_capabilities_are_named_without_their_prefix() -> None:
    found = made({"capabilities": {"add": ["CAP_NET_ADMIN", "sys_time"], "drop": ["ALL"]}})
    assert (found.add_capabilities, found.drop_capabilities) == (("NET_ADMIN", "SYS_TIME"), ("ALL",))


def test_the_other_fields() -> None:
    own = {"readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "procMount": "Unmasked"}
    found = made(own)
    assert (found.read_only_root, found.no_new_privileges, found.unmasked_proc) == (True, True, True)
    assert not made({"allowPrivilegeEscalation": True}).no_new_privileges


def test_profiles() -> None:
    assert made(seccompProfile={"type": "Unconfined"}).seccomp == "Unconfined"
    assert made({"seccompProfile": {"type": "RuntimeDefault"}}, seccompProfile={"type": "Unconfined"}).seccomp == (
        "RuntimeDefault"
    )
    local = {"type": "Localhost", "localhostProfile": "a/b.json"}
    assert made({"seccompProfile": local}).seccomp == "Localhost:/profiles/a/b.json"
    assert made({"privileged": True, "seccompProfile": local}).seccomp == "Unconfined"


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x"])
def test_a_profile_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        made({"seccompProfile": {"type": "Localhost", "localhostProfile": name}})


# K9: runAsNonRoot


def checked(user: str, own: Object | None = None) -> None:
    web = container(securityContext={"runAsNonRoot": True, **(own or {})})
    check_user(pod("web", web), web, user)


@pytest.mark.parametrize("user", ["", "0", "0:0", "00", "000:1000", ":1000"])
def test_an_image_of_root_is_refused(user: str) -> None:
    with pytest.raises(Invalid, match="container has runAsNonRoot and image will run as root"):
        checked(user)


@pytest.mark.parametrize(
    "user", ["root", "nobody:0", "+0", " 0", "0x0", "-1", "4294967296", "2147483648", "\u0660", "1e0"]
)
def test_a_name_says_nothing_about_the_number(user: str) -> None:
    with pytest.raises(Invalid, match="image has non-numeric user"):
        checked(user)


@pytest.mark.parametrize("user", ["1", "1000:0", "65534", "2147483647"])
def test_a_number_that_is_not_roots_will_do(user: str) -> None:
    checked(user)


def test_the_pods_own_user_counts_before_the_images() -> None:
    checked("", {"runAsUser": 5})
    with pytest.raises(Invalid, match="container's runAsUser breaks non-root policy"):
        checked("1000", {"runAsUser": 0})


def test_who_does_not_ask_is_not_checked() -> None:
    check_user(pod(), container(), "root")


@given(st.text(max_size=12))
def test_nothing_that_could_be_root_passes_for_a_user(user: str) -> None:
    found = image_uid(user)
    assert found is None or found == int(user or "0")


def test_as_whom_it_runs_where_numbers_say_it() -> None:
    whole = pod("web", container(), securityContext={"supplementalGroups": [7], "fsGroup": 8})
    assert known_user(whole, container(), "1000:50") == {"uid": 1000, "gid": 50, "supplementalGroups": [7, 8, 50]}
    assert known_user(pod(), container(), "") == {"uid": 0, "gid": 0, "supplementalGroups": [0]}
    own = container(securityContext={"runAsUser": 5, "runAsGroup": 6})
    assert known_user(pod(), own, "app:staff") == {"uid": 5, "gid": 6, "supplementalGroups": [6]}
    assert known_user(pod(), container(), "app") is None
    assert known_user(pod(), container(), "1000:staff") is None
