"""Containers: their configuration, their states, and everything that is done with them.

What it is not: how a process is isolated (:mod:`wherry.engine.runtime`), what Docker's API looks like
(:mod:`wherry.dockerapi`).

Invariants: a change that was answered is in its row; a container's state goes only along ``model.TRANSITIONS``; one
change at a time a container; what a crash leaves half-made is found by comparing directories with rows at start.

On disk: a row in ``engine.sqlite``, and ``containers/<id>/`` with ``upper`` and ``work`` (the writable layer, owned by
the container's root), ``container.log`` and its rotations, ``hosts``, ``hostname``, ``resolv.conf``; while it runs
``lock`` and ``task.json``, after its end ``exit.json``.
"""

from wherry.engine.containers.containers import Containers
from wherry.engine.containers.rules import Rules

__all__ = ["Containers", "Rules"]
