"""What tutorials show of rules: who reaches whom, who gets how much, who goes first, who may be taken away."""

import re

from tests.conformance.kube.process import wait_until
from tests.conformance.kube.whole import IMAGE, Commands

SERVER = "mkdir /tmp/w; hostname > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"
DENY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""
ALLOW = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow-web}
spec:
  podSelector: {matchLabels: {run: web}}
  ingress:
    - from:
        - podSelector: {matchLabels: {role: client}}
        - namespaceSelector: {matchLabels: {team: friends}}
      ports: [{port: 8080}]
"""
DENY_EGRESS = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-egress}
spec: {podSelector: {}, policyTypes: [Egress]}
"""
ALLOW_NAMES = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow-names}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
          podSelector: {matchLabels: {k8s-app: kube-dns}}
      ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
"""
ALLOW_API = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow-api}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to: [{ipBlock: {cidr: ADDRESS/32}}]
      ports: [{port: PORT}]
"""
LIMITS = """
apiVersion: v1
kind: ResourceQuota
metadata: {name: small}
spec: {hard: {pods: "2", requests.cpu: 100m, limits.memory: 64Mi}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: usual}
spec:
  limits:
    - {type: Container, default: {memory: 32Mi}, defaultRequest: {cpu: 40m}, max: {memory: 48Mi}}
"""


def deployment(name: str, replicas: int, script: str = "exec sleep 1000", more: str = "", container: str = "") -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: c
          image: {IMAGE}
          command: [sh, -c, '{script}']
          {container}
      {more}
"""


def test_who_may_talk_to_whom(inside: Commands) -> None:
    for name in ("web", "client", "stranger"):
        inside("run", name, f"--image={IMAGE}", "--", "sh", "-c", SERVER)
    inside("wait", "--for=condition=Ready", "pod/web", "pod/client", "pod/stranger", "--timeout=100s")
    inside("label", "pod", "client", "role=client")
    ip = inside("get", "pod", "web", "-o", "jsonpath={.status.podIP}")

    def reaches(name: str) -> None:
        inside.until("^web$", "exec", name, "--", "timeout", "1", "wget", "-qO-", f"http://{ip}:8080/")

    def is_denied(name: str) -> bool:
        done = inside.run("exec", name, "--", "timeout", "1", "wget", "-qO-", f"http://{ip}:8080/")
        return done.returncode != 0

    reaches("client")
    reaches("stranger")
    inside.apply(DENY)
    wait_until(lambda: is_denied("stranger") and is_denied("client"), "nobody gets in")
    inside.apply(ALLOW)
    reaches("client")
    assert is_denied("stranger")
    inside("label", "namespace", inside.namespace, "team=friends")
    reaches("stranger")
    told = inside("describe", "networkpolicy", "allow-web")
    assert re.search(r"From:\n +PodSelector: role=client\n +From:\n +NamespaceSelector: team=friends", told), told
    [row] = [row for row in inside.table("get", "networkpolicies") if row["NAME"] == "allow-web"]
    assert row["POD-SELECTOR"] == "run=web"


def test_who_may_send_nothing_needs_names_and_the_api_allowed(inside: Commands) -> None:
    inside("run", "client", f"--image={IMAGE}", "--", "sleep", "1000")
    inside("wait", "--for=condition=Ready", "pod/client", "--timeout=100s")
    ask = ("exec", "client", "--", "sh", "-c")
    name = (*ask, "timeout 2 nslookup kubernetes.default.svc.cluster.local || echo unknown")
    api = (*ask, "echo no TLS | timeout 2 nc $KUBERNETES_SERVICE_HOST 443 >/dev/null && echo reached || echo shut")
    inside.until(r"10\.96\.0\.1", *name)
    inside.until("reached", *api)
    inside.apply(DENY_EGRESS)
    inside.until("unknown", *name)
    inside.until("shut", *api)
    inside.apply(ALLOW_NAMES)
    inside.until(r"10\.96\.0\.1", *name)
    assert "shut" in inside(*api)
    endpoints = inside.json("endpointslices", "--namespace=default", "kubernetes")
    [address], port = endpoints["endpoints"][0]["addresses"], endpoints["ports"][0]["port"]
    inside.apply(ALLOW_API.replace("ADDRESS", address).replace("PORT", str(port)))
    inside.until("reached", *api)


def test_how_much_a_namespace_may_have(inside: Commands) -> None:
    inside.apply(LIMITS)
    inside.until("pods: 0/2", "get", "resourcequota")
    inside.apply(deployment("three", 3))
    inside.until(r"three +2/3 +2 +2", "get", "deployments")
    said = inside.until("FailedCreate", "get", "events", "--field-selector", "reason=FailedCreate")
    assert re.search(
        r'Error creating: pods "three-\w+-\w+" is forbidden: exceeded quota: small, '
        r"requested: limits.memory=32Mi,pods=1,requests.cpu=40m, used: limits.memory=64Mi,pods=2,requests.cpu=80m, "
        r"limited: limits.memory=64Mi,pods=2,requests.cpu=100m", said,
    ), said  # fmt: skip
    quota = inside("get", "resourcequota", "small", "-o", "jsonpath={.status.used}")
    assert '"pods":"2"' in quota and '"limits.memory":"64Mi"' in quota and '"requests.cpu":"80m"' in quota, quota
    told = inside("describe", "resourcequota", "small")
    assert re.search(r"Resource +Used +Hard\n-+ +-+ +-+\nlimits.memory +64Mi +64Mi\npods +2 +2\n", told), told
    refused = inside.fails("run", "big", f"--image={IMAGE}", '--overrides={"spec":{"containers":[{"name":"big","image":'
                           f'"{IMAGE}","resources":{{"limits":{{"memory":"64Mi"}}}}}}]}}}}')  # fmt: skip
    assert "maximum memory usage per Container is 48Mi, but limit is 64Mi" in refused


def test_a_drain_waits_for_a_budget(inside: Commands) -> None:
    node = inside("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
    inside.apply(deployment("kept", 2))
    inside("rollout", "status", "deployment/kept", "--timeout=100s")
    inside("create", "poddisruptionbudget", "kept", "--selector=app=kept", "--min-available=2")
    inside.until(r"kept +2 +N/A +0", "get", "poddisruptionbudgets")
    try:
        refused = inside.run("drain", node, "--pod-selector=app=kept", "--timeout=3s", "--ignore-daemonsets", "--force")
        assert refused.returncode == 1
        assert "Cannot evict pod as it would violate the pod's disruption budget." in refused.stderr, refused.stderr
        assert node in inside.until("SchedulingDisabled", "get", "nodes")
        inside("patch", "poddisruptionbudget", "kept", "-p", '{"spec": {"minAvailable": 0}}')
        inside.until(r"kept +0 +N/A +2", "get", "poddisruptionbudgets")
        said = inside("drain", node, "--pod-selector=app=kept", "--timeout=100s", "--ignore-daemonsets", "--force")
        assert said.count("evicted") == 2 and f"node/{node} drained" in said, said
    finally:
        inside("uncordon", node)
    inside("rollout", "status", "deployment/kept", "--timeout=100s")


def test_who_is_more_important_goes_first(inside: Commands) -> None:
    name = f"urgent-{inside.namespace}"
    cpu = inside("get", "nodes", "-o", "jsonpath={.items[0].status.allocatable.cpu}")
    millis = int(cpu[:-1]) if cpu.endswith("m") else int(cpu) * 1000
    inside("create", "priorityclass", name, "--value=100000", "--description=for tests")
    try:
        most = f"resources: {{requests: {{cpu: {int(millis * 0.6)}m}}}}"
        inside.apply(deployment("usual", 1, container=most))
        inside("rollout", "status", "deployment/usual", "--timeout=100s")
        inside.apply(deployment("urgent", 1, more=f"priorityClassName: {name}", container=most))
        inside("rollout", "status", "deployment/urgent", "--timeout=100s")
        said = inside.until("Preempted", "get", "events", "--field-selector", "reason=Preempted")
        assert re.search(r"Preempted by pod \S+ on node ", said), said
        waiting = inside.until("Insufficient cpu", "get", "events", "--field-selector", "reason=FailedScheduling")
        assert re.search(r"0/1 nodes are available: 1 Insufficient cpu\.", waiting), waiting
        inside.until(r"^usual-\S+ +0/1 +Pending", "get", "pods", "-l", "app=usual", "--no-headers")
    finally:
        inside("delete", "priorityclass", name)


def test_what_cannot_be_spread_waits_and_says_why(inside: Commands) -> None:
    spread = "topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: "
    soft = "ScheduleAnyway, labelSelector: {matchLabels: {app: soft}}}]"
    hard = "DoNotSchedule, labelSelector: {matchLabels: {app: hard}}, minDomains: 2}]"
    inside.apply(deployment("soft", 2, more=spread + soft))
    inside("rollout", "status", "deployment/soft", "--timeout=100s")
    inside.apply(deployment("hard", 2, more=spread + hard))
    said = inside.until("FailedScheduling", "get", "events", "--field-selector", "reason=FailedScheduling")
    assert "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints." in said, said
    inside.until(r"hard +1/2", "get", "deployments")


def test_an_ingress_is_shown_though_nobody_serves_it(inside: Commands) -> None:
    inside("create", "ingress", "site", "--rule=site.example/*=web:80", "--rule=site.example/api*=api:http,tls=cert")
    [row] = inside.table("get", "ingress")
    assert [row[name] for name in ("NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS")] == [
        "site", "<none>", "site.example", "", "80, 443",
    ]  # fmt: skip
    told = inside("describe", "ingress", "site")
    assert re.search(r'/ +web:80 \(<error: services? "web" not found>\)', told), told
