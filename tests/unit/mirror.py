"""Source files that have no test file of their own, and where they are tested instead.

A file belongs here when what it does needs root, a kernel's own objects or a real client, and nothing is left for a
unit test; the others are debts. test_architecture.py sees to it that nothing stays that has a test file by now.
"""

_PLACES = {
    "kernel/test_builds_cache.py": "engine/build: caches",
    "kernel/test_builds_contexts.py": (
        "app: builder; app/cli: build build_outputs build_request; "
        "dockerapi: build building buildrequest buildstream; "
        "engine/build: addfiles addstep context copying copystep relay sources unpack upload"
    ),
    "kernel/test_builds_mounts.py": "engine/build: mounts runmounts",
    "kernel/test_builds_remote.py": "engine/build: git remote",
    "kernel/test_builds_results.py": "engine/build: exporting layers model squashing state",
    "kernel/test_builds_steps.py": ("engine/build: around builds job running runstep stage stepping"),
    "kernel/test_build_exchange.py": "engine/build: cachedocument exchange inline; engine/distribution: artifacts",
    "kernel/test_e12_copy.py": "engine/containers: rootfs",
    "kernel/test_identity.py": "linux: identity",
    "kernel/test_snapshots.py": "engine/snapshots: making view",
    "unit/dockerapi/test_registries.py": "dockerapi: progress",
    "unit/engine/containers/test_filesystem.py": "engine/containers: asked",
    "unit/engine/distribution/test_pull.py": "engine/distribution: arriving asking connector downloads model resolve",
    "unit/engine/distribution/test_push.py": "engine/distribution: uploads",
    "unit/engine/registry/test_documents.py": "engine/registry: model",
    "unit/engine/registry/test_rows.py": "engine/registry: schema",
    "": "app/bootstrap: busybox debian model; app/buildx: __main__; app/cli: bootstrap files",
}
"""Below tests: package: files; … Those of "" are tested nowhere yet."""

ELSEWHERE = {
    f"{package}/{name}.py": place
    for place, packages in _PLACES.items()
    for package, _, names in (part.strip().partition(":") for part in packages.split(";"))
    for name in names.split()
}
"""Source file below src/wherry → test file below tests, or "" where there is none."""
