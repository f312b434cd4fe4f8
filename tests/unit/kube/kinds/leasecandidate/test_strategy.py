"""Rules of LeaseCandidates, and what is shown of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.leasecandidate import KIND
from wherry.kube.kinds.leasecandidate.strategy import read_version
from wherry.kube.machinery.model import Object


def of(**fields: Any) -> Object:
    good = {"leaseName": "scheduler", "binaryVersion": "1.37.0", "emulationVersion": "1.36.0"}
    return {**good, "strategy": "OldestEmulationVersion", **fields}


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        (of(), []),
        (of(leaseName=""), ["spec.leaseName: Required value"]),
        (of(binaryVersion="1.37"),
         ['spec.binaryVersion: Invalid value: "1.37": must be a valid semantic version']),
        (of(emulationVersion="1.38.0"),
         ['spec.binaryVersion: Invalid value: "1.37.0": must be greater than or equal to `emulationVersion`']),
        (of(binaryVersion=""),
         ["spec.binaryVersion: Required value: must be specified when `strategy` is 'OldestEmulationVersion'"]),
        (of(strategy="Best"),
         ['spec.strategy.strategy: Unsupported value: "Best": supported values: "OldestEmulationVersion"']),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_it_is_for_one_lease() -> None:
    assert changed(KIND, made(KIND, spec=of()), spec=of(leaseName="other")) == [
        'spec.leaseName: Invalid value: "other": field is immutable'
    ]


def test_versions_are_ordered() -> None:
    texts = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.10.0"]
    keys = [read_version(text) for text in texts]
    assert keys == sorted(key for key in keys if key is not None)


@given(st.text(alphabet="0123456789.-+a", max_size=20) | st.integers(0, 10**300).map(lambda n: f"1.2.{n}"))
def test_anything_is_a_version_or_none(text: str) -> None:
    assert read_version(text) is None or text.count(".") >= 2


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec=of()), NOW) == ("a", "scheduler", "1.37.0", "1.36.0", "2m5s")
