"""pytest fixtures: ``wherry_cluster`` for a whole session, ``fresh_wherry_cluster`` for one test.

A test that uses one finds KUBECONFIG and DOCKER_HOST set, and is skipped where it cannot be (no root, no Linux).
"""

import os
import sys
from collections.abc import Iterator

import pytest

from wherry.app.testing import Cluster


def _check() -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a Wherry cluster needs root on Linux")


@pytest.fixture(scope="session")
def _session_wherry_cluster() -> Iterator[Cluster]:
    _check()
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def wherry_cluster(_session_wherry_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """One cluster for all tests of the session that use it; started by the first. What a test leaves, others see."""
    _set(_session_wherry_cluster, monkeypatch)
    return _session_wherry_cluster


@pytest.fixture
def fresh_wherry_cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A cluster for this test alone."""
    _check()
    with Cluster() as cluster:
        _set(cluster, monkeypatch)
        yield cluster


def _set(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
