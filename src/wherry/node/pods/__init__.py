"""The agent: pods that are bound to this node become running containers, and their status becomes true.

What it is: the kubelet's job. :mod:`.agent` hears of pods and gives each a worker (:mod:`.workers`), which looks at the
whole state (the pod as the API has it, the containers as the runtime has them, what probes say), has the next steps
decided (:mod:`.life`, pure) and takes them; what the API is told follows from the same facts (:mod:`.status`, pure).
:mod:`.composing` makes of a pod what the runtime is asked for (pure), :mod:`.volumes`, :mod:`.images` and
:mod:`.probes` are what their names say, :mod:`.machine` is the node as the API sees it. The runtime is asked by the
contract in :mod:`.runtime`; :mod:`.fake` is one that runs nothing, :mod:`.simulated` makes nodes of it by the thousand.

What it is not: it isolates nothing (the engine does) and schedules nothing.

Invariants. What a crash interrupts is found in API and runtime at the next start, and no pod is disturbed by it:
restart counts, backoffs and last states are kept by what the runtime keeps of containers; nothing of the agent's own is
on the disk but the volumes. A pod that has begun to end never runs anything again. Its final status is written before
anything is removed by which it could be known, and only then does the API forget it. While nothing happens, nothing
runs but due probes and the node's own reports.

On disk: see :mod:`.volumes`.
"""
