"""What all tests share."""

from hypothesis import HealthCheck, settings

# Nothing asserts a time: how long an example takes says more of the machine's other work than of the program.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

pytest_plugins = ["pytester"]
