"""Wherry: a container engine and a Kubernetes-compatible orchestrator in one package.

This module stays empty of imports: the spawner and every command start through it.
"""

__version__ = "0.1.0"
