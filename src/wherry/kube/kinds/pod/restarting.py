"""Whether a container that has ended is started again (pkg/api/v1/pod/util.go: ContainerShouldRestart)."""

from wherry.kube.machinery.model import Object


def restarts(spec: Object, container: Object, exit_code: int) -> bool:
    """``spec``: the pod's. The container's own rules come first, then its policy, then the pod's."""
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        among = exit_code in (codes.get("values") or ())
        if among if codes.get("operator") == "In" else not among:
            if rule.get("action") == "Restart":
                return True
            break
    policy = container.get("restartPolicy") or spec.get("restartPolicy") or "Always"
    return bool(policy == "Always" or (policy == "OnFailure" and exit_code))
