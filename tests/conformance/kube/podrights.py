"""What pods must see of the machine, of each other, and of their rights; and how they end: the table's second part."""

import os
import re
from pathlib import Path

from tests.conformance.kube.podcases import IMAGE, Case, empty

HOST_IPC, HOST_NET = (re.escape(os.readlink(f"/proc/self/ns/{name}")) for name in ("ipc", "net"))
_STATUS = 'awk \'/^Cap(Eff|Bnd)|^NoNewPrivs|^Seccomp:/ {sub(":", ""); print $1 "=" $2}\' /proc/self/status'
_NAMESPACES = "for n in ipc net pid uts user; do echo $n=$(readlink /proc/self/ns/$n); done"
_MAPPED, _HOST_IDS = r" *0 [1-9]\d{5,} 65536", " *0 0 4294967295"
_ALL = re.findall(r"CapBnd:\s*(\S+)", Path("/proc/self/status").read_text())[0]
"""What root of this machine may: more nobody can be given."""

NAMES = [
    Case(
        "aliases",
        "echo alias=$(grep 'one.local' /etc/hosts); echo own=$(grep -c aliases /etc/hosts); echo name=$(hostname)",
        {"alias": r"10\.1\.2\.3\s+one\.local\s+two\.local", "own": "1", "name": "aliases"},
        pod={"hostAliases": [{"ip": "10.1.2.3", "hostnames": ["one.local", "two.local"]}]},
    ),
    Case(
        "dns-none",
        "echo conf=$(cat /etc/resolv.conf)",
        {"conf": r"search a\.example b\.example nameserver 192\.0\.2\.53 options ndots:2 edns0"},
        pod={
            "dnsPolicy": "None",
            "dnsConfig": {
                "nameservers": ["192.0.2.53"],
                "searches": ["a.example", "b.example"],
                "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
            },
        },
    ),
    Case(
        "dns-merged",
        "echo conf=$(cat /etc/resolv.conf)",
        {
            "conf": r"search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local.* z\.example "
            r"nameserver 10\.96\.0\.10 nameserver 192\.0\.2\.53 options ndots:7"
        },
        pod={
            "dnsConfig": {
                "nameservers": ["192.0.2.53"],
                "searches": ["z.example"],
                "options": [{"name": "ndots", "value": "7"}],
            }
        },
    ),
    Case(
        "dns-default",
        "grep -c 10.96.0.10 /etc/resolv.conf; echo cluster=$(grep -c 10.96.0.10 /etc/resolv.conf)",
        {"cluster": "0"},
        pod={"dnsPolicy": "Default"},
    ),
    Case(
        "fqdn",
        "echo name=$(hostname); echo line=$(grep web.db /etc/hosts)",
        {"name": r"web\.db\.default\.svc\.cluster\.local", "line": r"\S+\s+web\.db\.default\.svc\.cluster\.local\s*.*"},
        pod={"hostname": "web", "subdomain": "db", "setHostnameAsFQDN": True},
    ),
]

SHARING = [
    Case(
        "alone",
        _NAMESPACES + "; echo map=$(cat /proc/self/uid_map)",
        {"ipc": f"(?!{HOST_IPC}).*", "net": f"(?!{HOST_NET}).*", "map": _MAPPED},
    ),
    Case(
        "host-network",
        f"{_NAMESPACES}; echo dns=$(grep -c 10.96.0.10 /etc/resolv.conf); echo map=$(cat /proc/self/uid_map)",
        {"net": HOST_NET, "dns": "1", "map": _HOST_IDS},
        pod={"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"},
    ),
    Case(
        "host-network-usual-names",
        "echo dns=$(grep -c 10.96.0.10 /etc/resolv.conf); echo hosts=$(head -1 /etc/hosts)",
        {"dns": "0", "hosts": ".*managed.*"},
        pod={"hostNetwork": True},
    ),
    Case(
        "host-pid",
        f"echo us=$(tr '\\0' ' ' < /proc/{os.getpid()}/cmdline | grep -c pytest)",
        {"us": "1"},
        pod={"hostPID": True},
    ),
    Case("host-ipc", _NAMESPACES, {"ipc": HOST_IPC}, pod={"hostIPC": True}),
    Case("host-users", "echo map=$(cat /proc/self/uid_map)", {"map": _HOST_IDS}, pod={"hostUsers": True}),
    Case("own-users", "echo map=$(cat /proc/self/uid_map)", {"map": _MAPPED}, pod={"hostUsers": False}),
    Case(
        "shared-processes",
        "for i in $(seq 1000); do ps | grep -q '[s]leep 5.5' && break; sleep 0.05; done;"
        " echo first=$(cat /proc/1/comm); echo other=$(ps | grep -c '[s]leep 5.5')",
        {"first": "(?!sh$).*", "other": "1"},
        pod={"shareProcessNamespace": True},
        beside=({"name": "other", "image": IMAGE, "command": ["sleep", "5.5"]},),
    ),
]  # fmt: skip

RIGHTS = [
    Case(
        "user",
        "echo id=$(id); touch /d/x; echo owner=$(stat -c %u:%g /d/x); echo dir=$(stat -c %g:%A /d)",
        {"id": "uid=1000 gid=3000 groups=2000,3000,4000", "owner": "1000:2000", "dir": "2000:drwxrwsrwx"},
        {"volumeMounts": [{"name": "d", "mountPath": "/d"}]},
        {
            "securityContext": {"runAsUser": 1000, "runAsGroup": 3000, "fsGroup": 2000, "supplementalGroups": [4000]},
            "volumes": empty("d"),
        },
    ),
    Case("usual", _STATUS, {"NoNewPrivs": "0", "Seccomp": "2", "CapEff": "00000000a80425fb"}),
    Case(
        "dropped",
        _STATUS + "; touch /x 2>/dev/null && echo w=yes || echo w=no; touch /d/x && echo d=yes",
        {"CapBnd": "0{13}400", "NoNewPrivs": "1", "Seccomp": "2", "w": "no", "d": "yes"},
        {
            "securityContext": {
                "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
            },
            "volumeMounts": [{"name": "d", "mountPath": "/d"}],
        },
        {"volumes": empty("d")},
    ),
    Case(
        "privileged",
        _STATUS + "; echo devices=$(ls /dev | wc -l); echo masked=$(grep -c /proc/kcore /proc/self/mounts)",
        {
            "CapEff": _ALL,
            "Seccomp": "0",
            "devices": r"[3-9]\d|\d{3,}",
            "masked": "0",
        },
        {"securityContext": {"privileged": True}},
    ),
    Case("unconfined", _STATUS, {"Seccomp": "0"}, {"securityContext": {"seccompProfile": {"type": "Unconfined"}}}),
    Case(
        "local-profile",
        _STATUS + "; mkdir /tmp/x 2>/dev/null && echo made=yes || echo made=no",
        {"Seccomp": "2", "made": "no"},
        pod={"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "none/mkdir.json"}}},
    ),
    Case(
        "unmasked",
        "echo masks=$(grep -c ' /proc/' /proc/self/mounts)",
        {"masks": "0"},
        {"securityContext": {"procMount": "Unmasked"}},
        {"hostUsers": False},
    ),
    Case("masked", "echo masks=$(grep -c ' /proc/' /proc/self/mounts)", {"masks": "[1-9].*"}),
    Case(
        "sysctls",
        "cat /proc/sys/kernel/shm_rmid_forced /proc/sys/net/core/somaxconn | paste -sd, - | sed 's/^/set=/'",
        {"set": "1,77"},
        pod={
            "securityContext": {
                "sysctls": [
                    {"name": "kernel.shm_rmid_forced", "value": "1"},
                    {"name": "net.core.somaxconn", "value": "77"},
                ]
            }
        },
    ),
    Case(
        "limits",
        "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null | sed 's/^/memory=/'",
        {"memory": str(48 << 20)},
        {"resources": {"limits": {"memory": "48Mi"}}},
    ),
]

ENDINGS = [
    Case("unsafe-sysctl", pod={"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
         ends="Failed", says='SysctlForbidden: Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'),
    Case("root-refused", container={"securityContext": {"runAsNonRoot": True}}, ends="Pending",
         says="CreateContainerConfigError: container has runAsNonRoot and image will run as root"),
    Case("no-such-map", container={"envFrom": [{"configMapRef": {"name": "nowhere"}}]}, ends="Pending",
         says='CreateContainerConfigError: configmap "nowhere" not found'),
    Case("never-there", container={"image": "nowhere:1", "imagePullPolicy": "Never"}, ends="Pending",
         says='ErrImageNeverPull: Container image "nowhere:1" is not present with pull policy of Never'),
    Case("no-program", container={"command": ["/no/such/program"]}, ends="Failed", says="StartError: .*no such file"),
    Case("last-lines", container={"command": ["sh", "-c", "echo first; echo last >&2; exit 3"],
         "terminationMessagePolicy": "FallbackToLogsOnError"}, ends="Failed", says="Error: first\nlast"),
    Case("no-last-lines", container={"command": ["sh", "-c", "echo first; exit 3"]}, ends="Failed", says="Error: $"),
    Case("own-words", container={"command": ["sh", "-c", "echo said > /tmp/words"],
         "terminationMessagePath": "/tmp/words"}, says="Completed: said"),
    Case("too-long", container={"command": ["sleep", "100"]}, pod={"activeDeadlineSeconds": 1}, ends="Failed",
         says="DeadlineExceeded: Pod was active on the node longer than the specified deadline"),
    Case("greedy", container={"command": ["tail", "/dev/zero"], "resources": {"limits": {"memory": "16Mi"}}},
         ends="Failed", says="OOMKilled: "),
    Case(
        "order",
        "cat /d/order | paste -sd, - | sed 's/^/order=/'; echo side=$(cat /d/side)",
        {"order": "first,sidecar,second", "side": "up"},
        {"volumeMounts": [{"name": "d", "mountPath": "/d"}]},
        {
            "volumes": empty("d"),
            "initContainers": [
                {"name": name, "image": IMAGE, "volumeMounts": [{"name": "d", "mountPath": "/d"}], **more}
                for name, more in (
                    ("first", {"command": ["sh", "-c", "echo first >> /d/order"]}),
                    (
                        "sidecar",
                        {
                            "command": ["sh", "-c", "echo sidecar >> /d/order; sleep 0.3; echo up > /d/side; sleep 99"],
                            "restartPolicy": "Always",
                            "startupProbe": {"exec": {"command": ["test", "-f", "/d/side"]}, "periodSeconds": 1},
                        },
                    ),
                    ("second", {"command": ["sh", "-c", "echo second >> /d/order"]}),
                )
            ],
        },
    ),
    Case("signalled", container={"command": ["sh", "-c", "kill -USR1 $$; sleep 9 & wait"],
         "lifecycle": {"stopSignal": "SIGUSR1"}}, pod={"activeDeadlineSeconds": 1, "os": {"name": "linux"}},
         ends="Failed", says="DeadlineExceeded"),
    Case("bad-beginning", pod={"initContainers": [{"name": "i", "image": IMAGE, "command": ["sh", "-c", "exit 4"]}]},
         ends="Failed", says=": "),
    Case("bad-greeting", container={"command": ["sleep", "100"],
         "lifecycle": {"postStart": {"exec": {"command": ["false"]}}}}, ends="Failed", says="Error: "),
    Case("second-time", container={"command": ["sh", "-c", "test -f /d/x || { touch /d/x; exit 1; }; echo again > "
         "/dev/termination-log"], "volumeMounts": [{"name": "d", "mountPath": "/d"}]},
         pod={"restartPolicy": "OnFailure", "volumes": empty("d")}, says="Completed: again"),
    Case(
        "hooked",
        "for i in $(seq 1000); do test -f /tmp/started && break; sleep 0.05; done; echo hook=$(cat /tmp/started)",
        {"hook": "yes"},
        {"lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", "echo yes > /tmp/started"]}}}},
    ),
]  # fmt: skip

ALL = [*NAMES, *SHARING, *RIGHTS, *ENDINGS]
