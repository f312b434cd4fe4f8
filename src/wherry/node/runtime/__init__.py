"""Runs pods on the container engine, in this process: the :class:`wherry.node.pods.runtime.PodRuntime` of real nodes.

What it is: a translation. A pod's sandbox is one of :mod:`wherry.engine.sandboxes`, its containers are containers of
the engine, made and started by the code that ``docker run`` goes through; ``docker ps`` shows them under the names and
with the labels that Kubernetes' dockershim gave them, and ``docker prune`` leaves them alone while their sandbox is
there.

What it is not: it decides nothing about pods (:mod:`wherry.node.pods` does), and isolates nothing itself.

Invariants: it remembers nothing that the engine does not. Whatever is asked twice is done once: sandboxes and
containers are found by their names, which have the pod's uid and the attempt in them. What an image says (labels,
annotations) is never taken for what the agent said. Errors are those of ``kit``: Invalid for what cannot work however
often it is tried, Unavailable for what may.

On disk: nothing of its own. The agent's words travel in the rows of the engine (``PodSandbox.note``,
``Container.pod``); logs are ``containers/<id>/container.log`` and its rotations, in CRI's format. In the kernel::

    /wherry-NAME/kubepods/                        shares of the whole machine's processors
      {guaranteed,burstable,besteffort}/          shares that its pods ask for, together
        pod<uid>/                                 the pod's limits
          <container id>/                         a container's limits
          <sandbox id>/                           who holds the pid namespace that containers share, if they do
"""

from wherry.node.runtime.runtime import EngineRuntime

__all__ = ["EngineRuntime"]
