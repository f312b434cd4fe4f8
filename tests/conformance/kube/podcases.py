"""What pods of many kinds must see of themselves: a table.

Each pod runs once and writes lines ``name=value`` as its last words, which are compared with ``sees`` (regular
expressions, of the whole value), or ends as ``ends`` says: what its status must have.
"""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

IMAGE = "demo:1"
TEMPORARY = Path(tempfile.gettempdir()) / f"wherry-pods-{os.getpid()}"
"""For whoever runs them to make and to remove."""
Object = dict[str, Any]
MESSAGE = "/dev/termination-log"


@dataclass(frozen=True, slots=True)
class Case:
    """``container`` and ``pod`` are laid over the usual specification; ``script`` runs in the container."""

    name: str
    script: str = ""
    sees: dict[str, str] = field(default_factory=dict)
    container: Object = field(default_factory=dict)
    pod: Object = field(default_factory=dict)
    meta: Object = field(default_factory=dict)
    ends: str = "Succeeded"
    beside: tuple[Object, ...] = ()
    """More containers."""
    says: str = ""
    """A part of the last words, of the status or of an event, where there are no lines of the kind above."""

    @property
    def manifest(self) -> Object:
        container = {"name": "c", "image": IMAGE, "command": ["sh", "-c", say(self.script)], **self.container}
        spec = {
            "restartPolicy": "Never",
            "containers": [container, *self.beside],
            "terminationGracePeriodSeconds": 1,
            **self.pod,
        }
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": self.name, **self.meta}, "spec": spec}


def say(script: str) -> str:
    return f"{{ {script or ':'}\n}} > {MESSAGE} 2>&1"


def empty(*names: str, **more: Any) -> list[Object]:
    return [{"name": name, "emptyDir": more} for name in names]


def field_of(path: str) -> Object:
    return {"valueFrom": {"fieldRef": {"fieldPath": path}}}


def amount_of(resource: str, divisor: str = "1") -> Object:
    return {"valueFrom": {"resourceFieldRef": {"resource": resource, "divisor": divisor}}}


OBJECTS: list[Object] = [
    {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"},
        "data": {"one": "1", "file.conf": "in a file"},
    },
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "raw"}, "binaryData": {"bytes": "AP+A"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hidden"}, "stringData": {"key": "sesame"}},
    {
        "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "heavy"}, "handler": "wherry",
        "overhead": {"podFixed": {"memory": "16Mi", "cpu": "10m"}},
    },
    {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "other"}, "handler": "gvisor"},
]  # fmt: skip

VOLUMES = [
    Case(
        "subpaths",
        "echo file=$(cat /etc/app.conf); echo expr=$(ls /all); echo > /part/x; echo dirs=$(ls /all/sub)",
        {"file": "in a file", "expr": "subpaths sub|sub subpaths", "dirs": "x"},
        {
            "env": [{"name": "ME", **field_of("metadata.name")}],
            "volumeMounts": [
                {"name": "config", "mountPath": "/etc/app.conf", "subPath": "file.conf"},
                {"name": "data", "mountPath": "/mine", "subPathExpr": "$(ME)"},
                {"name": "data", "mountPath": "/part", "subPath": "sub"},
                {"name": "data", "mountPath": "/all"},
            ],
        },
        {"volumes": [{"name": "config", "configMap": {"name": "settings"}}, *empty("data")]},
    ),
    Case(
        "token",
        "IFS=. read a b c < /t/token; echo payload=$(echo $b= | tr _- /+ | base64 -d 2>/dev/null);"
        " echo mode=$(stat -Lc %a /t/token); echo maps=$(ls /t); echo other=$(cat /t/conf)",
        {
            "payload": r'.*"aud":\["elsewhere"\].*"name":"token".*',
            "mode": "644|600",
            "maps": "conf ns token",
            "other": "1",
        },
        {"volumeMounts": [{"name": "t", "mountPath": "/t"}]},
        {
            "volumes": [
                {
                    "name": "t",
                    "projected": {
                        "sources": [
                            {
                                "serviceAccountToken": {
                                    "path": "token",
                                    "audience": "elsewhere",
                                    "expirationSeconds": 600,
                                }
                            },
                            {"configMap": {"name": "settings", "items": [{"key": "one", "path": "conf"}]}},
                            {
                                "downwardAPI": {
                                    "items": [{"path": "ns", "fieldRef": {"fieldPath": "metadata.namespace"}}]
                                }
                            },
                        ]
                    },
                }
            ]
        },
    ),
    Case(
        "account",
        "cd /var/run/secrets/kubernetes.io/serviceaccount; echo files=$(ls); echo ns=$(cat namespace);"
        " echo ca=$(head -1 ca.crt); echo mount=$(grep -o 'serviceaccount [^ ]* ro' /proc/self/mounts)",
        {"files": "ca.crt namespace token", "ns": "default", "ca": "-----BEGIN CERTIFICATE-----", "mount": ".* ro"},
    ),
    Case(
        "modes",
        "echo dir=$(stat -c %a:%g /s); echo file=$(stat -Lc %a:%g /s/key); echo item=$(stat -Lc %a /s/sub/two);"
        " echo none=$(ls /none | wc -l); touch /s/x && echo w=yes || echo w=no",
        {"dir": r"\d+:4000", "file": "440:4000", "item": "4?44", "none": "0", "w": "no"},
        {"volumeMounts": [{"name": "s", "mountPath": "/s"}, {"name": "none", "mountPath": "/none"}]},
        {
            "securityContext": {"fsGroup": 4000},
            "volumes": [
                {
                    "name": "s",
                    "secret": {
                        "secretName": "hidden",
                        "defaultMode": 0o400,
                        "items": [{"key": "key", "path": "key"}, {"key": "key", "path": "sub/two", "mode": 0o444}],
                    },
                },
                {"name": "none", "secret": {"secretName": "nowhere", "optional": True}},
            ],
        },
    ),
    Case(
        "memory",
        "echo fs=$(awk '$2 == \"/m\" {print $3}' /proc/mounts); echo kb=$(df -k /m | awk 'NR == 2 {print $2}');"
        " head -c 9000000 /dev/zero > /m/x && echo fits=yes || echo fits=no; echo disk=$(stat -f -c %T /d)",
        {"fs": "tmpfs", "kb": "8192", "fits": "no", "disk": "(?!tmpfs).*"},
        {"volumeMounts": [{"name": "m", "mountPath": "/m"}, {"name": "d", "mountPath": "/d"}]},
        {"volumes": [*empty("m", medium="Memory", sizeLimit="8Mi"), *empty("d")]},
    ),
    Case(
        "image-volume",
        "echo has=$(ls -d /i/bin/busybox); touch /i/x 2>/dev/null && echo w=yes || echo w=no",
        {"has": "/i/bin/busybox", "w": "no"},
        {"volumeMounts": [{"name": "i", "mountPath": "/i"}]},
        {"volumes": [{"name": "i", "image": {"reference": IMAGE}}]},
    ),
    Case(
        "readonly-mounts",
        "touch /r/x 2>/dev/null && echo w=yes || echo w=no; touch /d/x && echo same=$(ls /r)",
        {"w": "no", "same": "x"},
        {"volumeMounts": [{"name": "d", "mountPath": "/d"}, {"name": "d", "mountPath": "/r", "readOnly": True}]},
        {"volumes": empty("d")},
    ),
]

ENVIRONMENT = [
    Case(
        "downward",
        "env | grep '^X_' | sed 's/^X_//'; echo labels=$(cat /d/labels); echo mem=$(cat /d/mem)",
        {
            "NAME": "downward", "NS": "default", "LABEL": "blue", "NOTE": "two words", "ACCOUNT": "default",
            "IP": r"\d+\.\d+\.\d+\.\d+", "IPS": r"\d+\.\d+\.\d+\.\d+", "HOST": r"\d+\.\d+\.\d+\.\d+",
            "UID": "[0-9a-f-]{36}", "CPU": "250", "MEM": "32", "NODE": ".+", "mem": "33554432",
            "REQ": "100", "labels": 'colour="blue"',
        },
        {
            "resources": {"limits": {"cpu": "250m", "memory": "32Mi"}, "requests": {"cpu": "100m"}},
            "env": [
                {"name": "X_NAME", **field_of("metadata.name")},
                {"name": "X_NS", **field_of("metadata.namespace")},
                {"name": "X_UID", **field_of("metadata.uid")},
                {"name": "X_LABEL", **field_of("metadata.labels['colour']")},
                {"name": "X_NOTE", **field_of("metadata.annotations['example.org/note']")},
                {"name": "X_NODE", **field_of("spec.nodeName")},
                {"name": "X_ACCOUNT", **field_of("spec.serviceAccountName")},
                {"name": "X_IP", **field_of("status.podIP")},
                {"name": "X_IPS", **field_of("status.podIPs")},
                {"name": "X_HOST", **field_of("status.hostIP")},
                {"name": "X_CPU", **amount_of("limits.cpu", "1m")},
                {"name": "X_REQ", **amount_of("requests.cpu", "1m")},
                {"name": "X_MEM", **amount_of("limits.memory", "1Mi")},
            ],
            "volumeMounts": [{"name": "d", "mountPath": "/d"}],
        },
        {
            "volumes": [
                {
                    "name": "d",
                    "downwardAPI": {
                        "items": [
                            {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
                            {"path": "mem", "resourceFieldRef": {"containerName": "c", "resource": "limits.memory"}},
                        ]
                    },
                }
            ]
        },
        {"labels": {"colour": "blue"}, "annotations": {"example.org/note": "two words"}},
    ),
    Case(
        "variables",
        "env | grep '^X_' | sed 's/^X_//'; echo pwd=$(pwd); echo api=$KUBERNETES_SERVICE_HOST",
        {
            "one": "1", "SECRET": "sesame", "BOTH": "1-sesame", "ESCAPED": r"\$\(X_one\)", "UNKNOWN": r"\$\(NOBODY\)",
            "pwd": "/tmp", "api": r"10\.96\.0\.1",
        },
        {
            "workingDir": "/tmp",
            "envFrom": [
                {"configMapRef": {"name": "settings"}, "prefix": "X_"},
                {"secretRef": {"name": "nowhere", "optional": True}},
            ],
            "env": [
                {"name": "X_SECRET", "valueFrom": {"secretKeyRef": {"name": "hidden", "key": "key"}}},
                {"name": "X_GONE", "valueFrom": {"secretKeyRef": {"name": "hidden", "key": "no", "optional": True}}},
                {"name": "X_BOTH", "value": "$(X_one)-$(X_SECRET)"},
                {"name": "X_ESCAPED", "value": "$$(X_one)"},
                {"name": "X_UNKNOWN", "value": "$(NOBODY)"},
            ],
        },
    ),
]  # fmt: skip

MORE = [
    Case(
        "host-paths",
        "echo made=$(stat -c %F /made); echo file=$(stat -c %F /file); echo mode=$(stat -c %a /made)",
        {"made": "directory", "file": "regular empty file", "mode": "755"},
        {"volumeMounts": [{"name": "made", "mountPath": "/made"}, {"name": "file", "mountPath": "/file"}]},
        {
            "volumes": [
                {"name": name, "hostPath": {"path": f"{TEMPORARY}/{name}", "type": kind}}
                for name, kind in (("made", "DirectoryOrCreate"), ("file", "FileOrCreate"))
            ]
        },
    ),
    Case(
        "host-path-missing",
        container={"volumeMounts": [{"name": "none", "mountPath": "/none"}]},
        pod={"volumes": [{"name": "none", "hostPath": {"path": f"{TEMPORARY}/none", "type": "Directory"}}]},
        ends="Pending",
        says="ContainerCreating",
    ),
    Case(
        "binary",
        "echo hex=$(od -An -tx1 /b/bytes); echo only=$(ls /b)",
        {"hex": " *00 ff 80", "only": "bytes"},
        {"volumeMounts": [{"name": "b", "mountPath": "/b"}]},
        {"volumes": [{"name": "b", "configMap": {"name": "raw"}}]},
    ),
    Case(
        "usual-surroundings",
        "echo shm=$(df -k /dev/shm | awk 'NR == 2 {print $2}'); echo host=$HOSTNAME; echo home=$HOME; echo path=$PATH;"
        " echo null=$(stat -c %t:%T /dev/null); echo tty=$(test -t 0 && echo yes || echo no); echo pid=$$$$",
        {"shm": "65536", "host": "usual-surroundings", "home": "/root|/", "path": "/.*", "null": "1:3", "tty": "no",
         "pid": "1"},
    ),
    Case("a-terminal", "echo tty=$(test -t 0 && echo yes || echo no)", {"tty": "yes"}, {"tty": True, "stdin": True}),
    Case(
        "another-user",
        "echo id=$(id -u):$(id -g); echo groups=$(id -G); touch /x 2>/dev/null && echo w=yes || echo w=no",
        {"id": "12345:0", "groups": "0", "w": "no"},
        {"securityContext": {"runAsUser": 12345}},
        {"securityContext": {"runAsUser": 1, "runAsNonRoot": True}},
    ),
]  # fmt: skip

NEWER = [
    Case(
        "from-file",
        "echo word=$WORD; echo none=${NONE-unset}",
        {"word": "a b", "none": "unset"},
        {
            "env": [
                {"name": "WORD", "valueFrom": {"fileKeyRef": {"volumeName": "data", "path": "env", "key": "W"}}},
                {"name": "NONE", "valueFrom": {"fileKeyRef": {
                    "volumeName": "data", "path": "gone", "key": "W", "optional": True}}},
            ]
        },
        {
            "volumes": empty("data"),
            "initContainers": [{
                "name": "i", "image": IMAGE, "command": ["sh", "-c", """echo "W='a b'" > /data/env"""],
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }],
        },
    ),
    Case(
        "for-a-while",
        "echo > /data/x; echo files=$(ls /data)",
        {"files": "x"},
        {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        {"volumes": [{"name": "data", "ephemeral": {"volumeClaimTemplate": {"spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}}}}]},
    ),
    Case(
        "no-bundle",
        "echo size=$(wc -c < /b/ca.pem)",
        {"size": "0"},
        {"volumeMounts": [{"name": "b", "mountPath": "/b"}]},
        {"volumes": [{"name": "b", "projected": {"sources": [
            {"clusterTrustBundle": {"name": "gone", "path": "ca.pem", "optional": True}}]}}]},
    ),
    Case(
        "no-bytes", "echo count=$(env | grep -c ^bytes)", {"count": "0"},
        {"envFrom": [{"configMapRef": {"name": "raw"}}]},
    ),
]  # fmt: skip

ALL = [*VOLUMES, *ENVIRONMENT, *MORE, *NEWER]
