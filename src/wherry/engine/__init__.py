"""The container engine: content, snapshots, images, runtime, containers, networks, volumes, events.

This file imports nothing: the spawner starts through it.
"""
