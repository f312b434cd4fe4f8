"""What tutorials show of state: claims, stable names, configuration that changes, one pod on every node."""

from pathlib import Path

import pytest

import wherry
from tests.conformance.kube.whole import EXAMPLES, IMAGE, Commands, image

NAMED = f"""
apiVersion: v1
kind: Service
metadata: {{name: peers}}
spec: {{clusterIP: None, selector: {{app: peer}}, ports: [{{name: http, port: 8080}}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: peer}}
spec:
  serviceName: peers
  replicas: 2
  selector: {{matchLabels: {{app: peer}}}}
  template:
    metadata: {{labels: {{app: peer}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: peer
          image: {IMAGE}
          command: [sh, -c, 'hostname >> /data/index.html; exec httpd -f -p 8080 -h /data']
          readinessProbe: {{httpGet: {{path: /, port: 8080}}, periodSeconds: 1}}
          volumeMounts: [{{name: data, mountPath: /data}}]
  volumeClaimTemplates:
    - metadata: {{name: data}}
      spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 8Mi}}}}}}
"""
CONFIGURED = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: site}}
data:
  index.html: first
  httpd.conf: |
    I:index.html
    E404:/missing.html
---
apiVersion: v1
kind: Secret
metadata: {{name: key}}
stringData: {{password: s3cret}}
---
apiVersion: v1
kind: Pod
metadata: {{name: site, labels: {{app: site}}}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: httpd
      image: {IMAGE}
      command: [httpd, -f, -p, "8080", -c, /etc/httpd/httpd.conf, -h, /www]
      env:
        - {{name: PASSWORD, valueFrom: {{secretKeyRef: {{name: key, key: password}}}}}}
        - {{name: ME, valueFrom: {{fieldRef: {{fieldPath: metadata.name}}}}}}
        - {{name: CPUS, valueFrom: {{resourceFieldRef: {{resource: requests.cpu, divisor: 1m}}}}}}
      resources: {{requests: {{cpu: 30m}}}}
      volumeMounts:
        - {{name: site, mountPath: /www}}
        - {{name: configuration, mountPath: /etc/httpd}}
        - {{name: site, mountPath: /fixed/index.html, subPath: index.html}}
  volumes:
    - {{name: site, configMap: {{name: site, items: [{{key: index.html, path: index.html}}]}}}}
    - {{name: configuration, configMap: {{name: site, items: [{{key: httpd.conf, path: httpd.conf}}]}}}}
"""


def daemon(directory: Path) -> str:
    return f"""
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec:
  selector: {{matchLabels: {{app: agent}}}}
  template:
    metadata: {{labels: {{app: agent}}}}
    spec:
      terminationGracePeriodSeconds: 1
      hostPID: true
      tolerations: [{{operator: Exists}}]
      containers:
        - name: agent
          image: {IMAGE}
          command: [sh, -c, 'cat /host/note; ls /proc | grep -c "^[0-9]"; exec sleep 1000']
          volumeMounts: [{{name: host, mountPath: /host, readOnly: true}}]
      volumes: [{{name: host, hostPath: {{path: {directory}, type: Directory}}}}]
"""


def test_pods_of_a_set_keep_names_and_data(inside: Commands) -> None:
    inside.apply(NAMED)
    inside("rollout", "status", "statefulset/peer", "--timeout=100s")
    pods = [row["NAME"] for row in inside.table("get", "pods", "-l", "app=peer")]
    assert pods == ["peer-0", "peer-1"]
    ask = ["exec", "peer-0", "--", "timeout", "30", "wget", "-qO-"]
    inside.until("^peer-1\n$", *ask, "http://peer-1.peers:8080/")
    inside.until("^peer-0\n$", *ask, f"http://peer-0.peers.{inside.namespace}.svc.cluster.local:8080/")
    names = {row["NAME"]: row["STATUS"] for row in inside.table("get", "persistentvolumeclaims")}
    assert names == {"data-peer-0": "Bound", "data-peer-1": "Bound"}
    uid = inside.json("pod", "peer-1")["metadata"]["uid"]
    inside("delete", "pod", "peer-1", "--wait=false")
    inside.until(rf"^(?!{uid})\S+ True$", "get", "pod", "peer-1", "-o",
                 'jsonpath={.metadata.uid} {.status.conditions[?(@.type=="Ready")].status}')  # fmt: skip
    inside.until("^peer-1\npeer-1\n$", *ask, "http://peer-1.peers:8080/")
    inside("scale", "statefulset/peer", "--replicas=1")
    inside.until("^pod/peer-0\n$", "get", "pods", "-o", "name")
    nobody = "timeout 5 wget -qO- http://peer-1.peers:8080/ || echo nobody"
    inside.until("^nobody$", "exec", "peer-0", "--", "sh", "-c", nobody)
    assert len(inside.table("get", "persistentvolumeclaims")) == 2
    inside("scale", "statefulset/peer", "--replicas=2")
    inside("rollout", "status", "statefulset/peer", "--timeout=100s")
    inside.until("^peer-1\npeer-1\npeer-1\n$", *ask, "http://peer-1.peers:8080/")


def test_a_guestbook_keeps_its_entries(whole: wherry.Cluster, inside: Commands) -> None:
    image(whole, "guestbook:1", EXAMPLES / "guestbook" / "image")
    inside.apply(EXAMPLES / "guestbook" / "plain.yaml")
    for name in ("guestbook", "guestbook-store"):
        inside("rollout", "status", f"deployment/{name}", "--timeout=100s")
    ask = ["exec", "deployment/guestbook", "--", "timeout", "30", "wget", "-qO-"]
    page = "http://guestbook/cgi-bin/page"
    inside.until(", version 1\n", *ask, page)
    assert inside(*ask, "--post-data", "first", page).endswith(", version 1\nfirst\n")
    inside("rollout", "restart", "deployment/guestbook-store")
    inside("rollout", "status", "deployment/guestbook-store", "--timeout=100s")
    inside.until("first\n$", *ask, page)
    port = inside("get", "service", "guestbook", "-o", "jsonpath={.spec.ports[0].nodePort}")
    node = inside("get", "nodes", "-o", "jsonpath={.items[0].status.addresses[0].address}")
    import urllib.request

    with urllib.request.urlopen(f"http://{node}:{port}/cgi-bin/page", timeout=120) as response:
        assert response.read().endswith(b"first\n")


def test_configuration_that_is_mounted_changes_in_the_pod(inside: Commands) -> None:
    inside.apply(CONFIGURED)
    inside("wait", "--for=condition=Ready", "pod/site", "--timeout=100s")
    assert inside("exec", "site", "--", "sh", "-c", "echo $PASSWORD $ME $CPUS; cat /fixed/index.html") == (
        "s3cret site 30\nfirst"
    )
    asked = ["exec", "site", "--", "wget", "-qO-", "http://127.0.0.1:8080/"]
    inside.until("^first$", *asked)
    inside("patch", "configmap", "site", "-p", '{"data": {"index.html": "second"}}')
    inside.until("^second$", *asked)
    assert inside("exec", "site", "--", "cat", "/fixed/index.html") == "first", "a subPath stays as it was"


def test_an_agent_on_every_node_sees_the_machine(inside: Commands, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "note").write_text("of the machine\n")
    inside("label", "namespace", inside.namespace, "pod-security.kubernetes.io/enforce=privileged")
    inside.apply(daemon(tmp_path))
    inside("rollout", "status", "daemonset/agent", "--timeout=100s")
    [row] = inside.table("get", "daemonsets")
    assert [row[name] for name in ("DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR")] == [
        "1", "1", "1", "1", "1", "<none>",
    ]  # fmt: skip
    note, count = inside.until(r"\A.*\n\d+\n\Z", "logs", "daemonset/agent").splitlines()
    assert note == "of the machine" and int(count) > 5


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_what_becomes_of_a_volume(inside: Commands, policy: str) -> None:
    claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\n"
    claim += "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}\n"
    inside.apply(claim)
    [row] = inside.table("get", "persistentvolumeclaims")
    assert (row["STATUS"], row["VOLUME"]) == ("Pending", ""), "it waits for its first consumer"
    inside.until("WaitForFirstConsumer", "get", "events")
    inside.apply(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  terminationGracePeriodSeconds: 1\n"
        f"  containers: [{{name: c, image: {IMAGE}, command: [sleep, '1000'], "
        "volumeMounts: [{name: v, mountPath: /v}]}]\n  volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]\n"
    )
    inside("wait", "--for=condition=Ready", "pod/p", "--timeout=100s")
    volume = inside("get", "pvc", "c", "-o", "jsonpath={.spec.volumeName}")
    inside("patch", "pv", volume, "-p", f'{{"spec": {{"persistentVolumeReclaimPolicy": "{policy}"}}}}')
    inside("delete", "pod", "p")
    inside("delete", "pvc", "c")
    if policy == "Retain":
        inside.until("Released", "get", "pv", volume)
        inside("delete", "pv", volume)
    else:
        inside.until("^$", "get", "pv", volume, "--ignore-not-found", "-o", "name")
