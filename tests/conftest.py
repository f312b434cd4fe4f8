"""What all tests share."""

import os

from hypothesis import HealthCheck, settings

# Nothing asserts a time: how long an example takes says more of the machine's other work than of the program. And what
# fails here is to fail there: the examples are the same each time, but for who asks for others (TEST_RANDOM=1).
settings.register_profile(
    "ours",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not os.environ.get("TEST_RANDOM"),
)
settings.load_profile("ours")

# Tests that speak gRPC share a process with tests that start programs: its handlers of fork break their start.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

pytest_plugins = ["pytester"]
