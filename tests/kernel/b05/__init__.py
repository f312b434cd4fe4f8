"""Hostile Dockerfiles, contexts, base images and repositories: the host stays as it is (CHECKS.md B05, 2.3).

``{canary}`` is a directory on the host that anybody may write to, in the instance's own directory: the process that
prepares a step could reach it. A build may fail or succeed inside of its own files; then the canary is looked at.
"""
