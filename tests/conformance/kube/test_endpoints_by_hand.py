"""A service without a selector, whose Endpoints somebody writes: requests and names find the way."""

import json

from tests.conformance.kube.whole import IMAGE, Commands

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: outside}
spec: {ports: [{name: http, port: 80, targetPort: 8080}]}
"""
SERVER = "mkdir /tmp/w; hostname > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"


def endpoints(*addresses: str) -> dict[str, object]:
    subset = {"addresses": [{"ip": each} for each in addresses], "ports": [{"name": "http", "port": 8080}]}
    return {
        "apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "outside", "labels": {"team": "a"}},
        "subsets": [subset],
    }  # fmt: skip


def test_requests_go_where_the_endpoints_say(inside: Commands) -> None:
    for name in ("one", "two", "client"):
        inside("run", name, f"--image={IMAGE}", "--", "sh", "-c", SERVER)
    inside("wait", "--for=condition=Ready", "pod/one", "pod/two", "pod/client", "--timeout=100s")
    ip = {name: inside("get", "pod", name, "-o", "jsonpath={.status.podIP}") for name in ("one", "two")}
    inside.apply(SERVICE)
    in_vain = ["exec", "client", "--", "sh", "-c", "timeout 5 wget -qO- http://outside/ || echo nobody"]
    inside.until("^nobody$", *in_vain)
    done = inside.run("apply", "-f", "-", stdin=json.dumps(endpoints(ip["one"])))
    assert "Endpoints is deprecated in v1.33+" in done.stderr
    inside.until(r"outside-\w+ +IPv4 +8080 ", "get", "endpointslices")
    asking = ["exec", "client", "--", "wget", "-qO-", "http://outside/"]
    inside.until("^one$", *asking)
    [row] = inside.table("get", "endpointslices", "-L", "endpointslice.kubernetes.io/managed-by", "-L", "team")
    assert (row["ENDPOINTS"], row["TEAM"]) == (ip["one"], "a")
    assert row["MANAGED-BY"] == "endpointslicemirroring-controller.k8s.io"
    inside.apply(endpoints(ip["two"]))
    inside.until("^two$", *asking)
    assert inside(*asking) == "two\n"
    inside("delete", "endpoints", "outside")
    inside.until("^$", "get", "endpointslices", "-o", "name")
    inside.until("^nobody$", *in_vain)


def test_a_headless_service_answers_with_the_addresses(inside: Commands) -> None:
    inside.apply(SERVICE.replace("spec: {", "spec: {clusterIP: None, "), endpoints("192.0.2.7", "192.0.2.9"))
    inside.until("192.0.2.7,192.0.2.9", "get", "endpointslices")
    name = f"outside.{inside.namespace}.svc.cluster.local"
    ask = f"until nslookup -type=a {name} | grep -q 192.0.2.9; do sleep 0.1; done; nslookup -type=a {name}"
    said = inside(
        "run", "ask", "--rm", "-i", "--quiet", f"--image={IMAGE}", "--restart=Never", "--", "sh", "-c", ask,
    )  # fmt: skip
    assert "192.0.2.7" in said and "192.0.2.9" in said, said
