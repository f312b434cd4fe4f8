"""What all tests share."""

import os

from hypothesis import HealthCheck, settings

# Nothing asserts a time: how long an example takes says more of the machine's other work than of the program.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Tests that speak gRPC share a process with tests that start programs: its handlers of fork break their start.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

pytest_plugins = ["pytester"]
