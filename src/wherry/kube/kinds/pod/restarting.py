"""Whether a container that has ended is started again (pkg/api/v1/pod/util.go: ContainerShouldRestart)."""

from wherry.kube.machinery.model import Object

ALL = "RestartAllContainers"
"""The action of rules that is about the other containers, too."""


def all_may_restart(spec: Object) -> bool:
    """Whether one of a pod's containers may have all of them begin anew (AllContainersCouldRestart)."""
    containers = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    return any(rule.get("action") == ALL for each in containers for rule in each.get("restartPolicyRules") or ())


def action(container: Object, exit_code: int) -> str:
    """Of the first of the container's own rules that is about such an end; empty: none is."""
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        among = exit_code in (codes.get("values") or ())
        if among if codes.get("operator") == "In" else not among:
            return str(rule.get("action", ""))
    return ""


def restarts(spec: Object, container: Object, exit_code: int) -> bool:
    """``spec``: the pod's. The container's own rules come first, then its policy, then the pod's."""
    if action(container, exit_code) == "Restart":
        return True
    policy = container.get("restartPolicy") or spec.get("restartPolicy") or "Always"
    return bool(policy == "Always" or (policy == "OnFailure" and exit_code))
