"""Wherry: a container engine and a Kubernetes-compatible orchestrator in one package.

``wherry.Cluster`` is a cluster for a test (:mod:`wherry.app.testing`). This module imports nothing until that is asked
for: the spawner and every command start through it.
"""

TYPE_CHECKING = False  # type checkers know the name; importing it takes 13 ms
if TYPE_CHECKING:
    from wherry.app.testing import Cluster as Cluster

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "Cluster":
        from wherry.app.testing import Cluster

        return Cluster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
