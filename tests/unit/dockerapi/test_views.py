"""Containers as every version of the API has them."""

import copy
from typing import Any

import pytest

from wherry.dockerapi.views import container, container_summary

NEWEST: dict[str, Any] = {
    "Id": "c1",
    "Config": {"Image": "demo:1"},
    "HostConfig": {"Memory": 1},
    "NetworkSettings": {"MacAddress": "02:42"},
}
SUMMARY: dict[str, Any] = {"Id": "c1", "HostConfig": {"NetworkMode": "default", "Annotations": {"a": "b"}}}


@pytest.mark.parametrize("version", [44, 51])
def test_the_newest_form_is_the_engines_own(version: int) -> None:
    assert container(NEWEST, version) is NEWEST


def test_before_1_44_the_mac_address_was_in_config() -> None:
    assert container(NEWEST, 43)["Config"] == {"MacAddress": "02:42", "Image": "demo:1"}
    assert container(NEWEST, 43)["HostConfig"] == {"Memory": 1}


def test_a_mac_address_that_was_asked_for_wins() -> None:
    document = {**NEWEST, "Config": {"MacAddress": "02:99"}}
    assert container(document, 43)["Config"]["MacAddress"] == "02:99"


def test_a_container_without_a_network_has_no_mac_address() -> None:
    assert container({**NEWEST, "NetworkSettings": {}}, 41)["Config"]["MacAddress"] == ""


def test_before_1_42_kernel_memory_was_there() -> None:
    assert container(NEWEST, 41)["HostConfig"] == {"KernelMemory": 0, "KernelMemoryTCP": 0, "Memory": 1}


@pytest.mark.parametrize(("version", "shown"), [(45, False), (46, True)])
def test_annotations_came_with_1_46(version: int, shown: bool) -> None:
    assert ("Annotations" in container_summary(SUMMARY, version)["HostConfig"]) is shown
    assert container_summary({"Id": "c1"}, version) == {"Id": "c1"}


def test_the_engines_documents_are_not_changed() -> None:
    before = copy.deepcopy((NEWEST, SUMMARY))
    container(NEWEST, 24)
    container_summary(SUMMARY, 24)
    assert before == (NEWEST, SUMMARY)
