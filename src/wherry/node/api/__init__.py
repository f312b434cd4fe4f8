"""The kubelet's API on port 10250: logs, commands, ports of the pods here; figures; health.

:class:`.server.KubeletApi` answers requests; :mod:`.access` says who may; a *caller* (:mod:`.caller`) is the client of
a process, however it speaks: by WebSocket (:mod:`.websockets`) or by SPDY (:mod:`.spdystreams`).

What it is not: it decides nothing about pods, and writes nothing to the disk, whatever it is asked (CVE-2025-0426).

Invariants: nothing is answered to whom nobody vouches for, health included; every request is authorized here, too,
whoever passed it on; what opens a stream needs ``create``, whatever its method is. A client that reads slowly makes the
process wait; one that goes ends what was opened for it.
"""
