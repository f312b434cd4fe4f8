"""One worker a pod: it looks when something may have changed, decides by :mod:`wherry.node.pods.life`, and acts.

A worker without anything to do is an object in memory: no task, no timer. What it does are jobs, tasks of their own
that can be given up; looking never waits. All on one event loop.
"""
