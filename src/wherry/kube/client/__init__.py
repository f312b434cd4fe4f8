"""Clients of the API: one Protocol, kept by the server itself (in process) and by a client over HTTP.

Controllers, the scheduler and the node agent know the Protocol only, so they run beside the server or on another
machine. Informers and the work queue are built on it.
"""
