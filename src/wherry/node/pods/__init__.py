"""The agent: pods that are bound to this node become running containers, and their status becomes true.

One worker a pod; it looks at the whole state (the pod as the API has it, the containers as the runtime has them, what
probes say) and takes the next steps: :mod:`wherry.node.pods.plan` decides, purely. What a crash interrupts is found in
the runtime at the next start; no state of the agent is on the disk but what the runtime keeps.
"""
