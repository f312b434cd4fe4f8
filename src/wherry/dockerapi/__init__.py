"""The Docker Engine API: one module a resource, over narrow Protocols of the engine."""
