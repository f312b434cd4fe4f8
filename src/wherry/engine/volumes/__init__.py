"""Volumes: directories that outlive containers. ``volumes/<name>/_data`` on disk, with the ids that containers see
(they are mounted id-mapped); one row each. A directory without a row is what a crash left, and is removed at start.
"""

from wherry.engine.volumes.volumes import ANONYMOUS, Pruned, Volume, Volumes

__all__ = ["ANONYMOUS", "Pruned", "Volume", "Volumes"]
