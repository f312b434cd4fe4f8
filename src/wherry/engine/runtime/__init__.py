"""Start containers: the spawner, the shims, and the client of both.

This file imports nothing: the spawner starts through it.
"""
