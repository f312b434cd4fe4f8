"""Source files that have no test file of their own, and where they are tested instead.

A file belongs here when what it does needs root, a kernel's own objects or a real client, and nothing is left for a
unit test; the others are debts. test_architecture.py sees to it that nothing stays that has a test file by now.
"""

_PLACES = {
    "kernel/test_build_exchange.py": "engine/distribution: artifacts",
    "kernel/test_e12_copy.py": "engine/containers: rootfs",
    "kernel/test_identity.py": "linux: identity",
    "kernel/test_snapshots.py": "engine/snapshots: making view",
    "unit/dockerapi/test_registries.py": "dockerapi: progress",
    "unit/engine/containers/test_filesystem.py": "engine/containers: asked",
    "unit/engine/distribution/test_pull.py": "engine/distribution: arriving asking connector downloads model resolve",
    "unit/engine/distribution/test_push.py": "engine/distribution: uploads",
    "unit/engine/registry/test_documents.py": "engine/registry: model",
    "unit/engine/registry/test_rows.py": "engine/registry: schema",
    "conformance/kube/test_cluster_pods.py": "app: nodeagent nodenetwork",
    "conformance/kube/test_cluster_tour.py": "app: pytest_plugin testing; : __main__",
    "conformance/kube/test_http_forms.py": "kube/apiserver: pages paths reviewing sending server",
    "conformance/kube/test_http_subresources.py": "kube/apiserver/subresources: others pods streams",
    "unit/app/test_cluster.py": "app: control",
    "unit/kube/apiserver/test_caches.py": "kube/apiserver: cache entries",
    "unit/kube/apiserver/test_direct.py": "kube/apiserver: asking",
    "unit/kube/apiserver/test_customkinds.py": "kube/apiserver: api assembly options",
    "unit/kube/apiserver/test_patching.py": "kube/apiserver: decoding tracking; kube/apiserver/subresources: scale",
    "unit/kube/apiserver/test_reading.py": "kube/apiserver: rendering selection tables",
    "unit/kube/apiserver/authz/test_reviews.py": "kube/apiserver: model",
    "unit/kube/apiserver/test_writing.py": "kube/apiserver: call metadata reservations steps; kube/machinery: status",
    "unit/kube/client/test_fake.py": "kube/client: model",
    "unit/kube/controllers/test_together.py": "kube/apiserver: live",
    "unit/kube/kinds/test_every.py": "kube/machinery: model; kube/machinery/schema: model",
    "unit/kube/machinery/test_names.py": "kube/machinery: fielderrors",
    "unit/node/pods/test_agent.py": "node/pods: options parts; node/pods/workers: case tools worker",
    "unit/node/pods/test_agent_probes.py": "node/pods/probes: model",
    "unit/node/pods/test_agent_static.py": "node/pods: statics",
    "unit/node/pods/test_agent_starting.py": "node/pods/workers: attending doing failures resizing starting",
    "unit/node/pods/test_shutdown.py": "node/pods/workers: halting",
    "unit/node/pods/test_fake.py": "node/pods: lookup runtime; node/pods/status: model",
    "": "app/buildx: __main__; app/cli: files",
}
"""Below tests: package: files; … Those of "" are tested nowhere yet."""

ELSEWHERE = {
    f"{package}/{name}.py".lstrip("/"): place
    for place, packages in _PLACES.items()
    for package, _, names in (part.strip().partition(":") for part in packages.split(";"))
    for name in names.split()
}
"""Source file below src/wherry → test file below tests, or "" where there is none."""
