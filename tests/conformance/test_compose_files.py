"""Compose files as people have them: what each word asks for is so in the container that docker compose makes."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conformance import test_build
from tests.conformance.cli import Completed, Docker, page
from tests.kernel.rig import wait_until

compose_program, compose = test_build.compose_program, test_build.compose
project, buildx = test_build.project, test_build.buildx

COMMON = """
services:
  common: {image: "demo:1", environment: {FROM_COMMON: "1", LEVEL: common}, labels: {team: core}, init: true}
"""
PROJECT = """
name: life
include: [{path: more.yaml}]
x-logging: &logging {driver: json-file, options: {max-size: 1m, max-file: "2"}}
services:
  web:
    build: {context: ., dockerfile: Dockerfile.web, target: final, args: {WORD: built}, cache_from: ["life-web:latest"]}
    image: life-web:${TAG:-0}
    ports: ["127.0.0.1:PORT:80"]
    depends_on: {db: {condition: service_healthy, restart: true}}
    networks: {front: {aliases: [www], gw_priority: 5}, back: {ipv4_address: 10.215.0.10, interface_name: lan0}}
    secrets: [{source: token, target: tok}, envsecret]
    volumes: [{type: volume, source: data, target: /part, read_only: true, volume: {subpath: part, nocopy: true}}]
    restart: unless-stopped
    stop_grace_period: 1s
    develop: {watch: [{action: sync, path: ./index.html, target: /www/index.html}]}
  db:
    extends: {file: common.yaml, service: common}
    command: sh -c "mkdir -p /w /data/part; echo 42 > /data/part/answer; exec httpd -f -p 5432 -h /w"
    environment: {LEVEL: db}
    env_file: [db.env]
    healthcheck: {test: "test -e /data/part/answer", interval: 200ms, retries: 100, start_period: 1s}
    networks: [back]
    volumes: ["data:/data", {type: bind, source: ., target: /src, read_only: true}]
    tmpfs: ["/scratch:size=1m,mode=1777"]
    deploy: {resources: {limits: {cpus: "0.5", memory: 64M, pids: 50}, reservations: {memory: 16M}}}
    ulimits: {nproc: 512, nofile: {soft: 1000, hard: 2000}}
    logging: *logging
    extra_hosts: ["other:10.1.1.1", "host.docker.internal:host-gateway"]
    dns: [10.9.9.9]
    dns_search: [example.com]
    dns_opt: ["ndots:2"]
    sysctls: {net.core.somaxconn: 1024}
    cap_add: [SYS_TIME]
    cap_drop: [NET_RAW]
    security_opt: ["no-new-privileges:true"]
    stop_signal: SIGKILL
    hostname: store
    domainname: example.org
    shm_size: 32m
    working_dir: /src
    oom_score_adj: 100
    group_add: ["44"]
    mac_address: 02:42:ac:11:00:99
  beside: {image: "demo:1", command: sleep 1000, network_mode: "service:db", pid: "service:db", depends_on: [db]}
  tool: {image: "demo:1", profiles: [tools], entrypoint: [echo], command: [ran], network_mode: none}
networks:
  front: {enable_ipv6: true, driver_opts: {com.docker.network.bridge.enable_icc: "false"}}
  back: {driver_opts: {com.docker.network.bridge.name: br-life}, ipam: {config: [{subnet: 10.215.0.0/24}]}}
volumes: {data: {labels: {x: "y"}}}
secrets: {token: {file: token}, envsecret: {environment: SECRET_VALUE}}
"""
MORE = "services:\n  worker: {image: 'demo:1', command: sleep 1000, deploy: {replicas: 2}, networks: [back]}\n"
DOCKERFILE = """
FROM demo:1 AS base
ARG WORD=none
RUN mkdir /www && echo "$WORD" > /www/word
FROM base AS final
COPY index.html /www/
CMD ["httpd", "-f", "-p", "80", "-h", "/www"]
"""
Run = Callable[..., Completed]


@pytest.fixture
def run(compose: Docker, buildx: Docker, tmp_path: Path, port: int) -> Iterator[Run]:
    files = {
        "common.yaml": COMMON, "compose.yaml": PROJECT.replace("PORT", str(port)), "more.yaml": MORE, "token": "hush",
        "Dockerfile.web": DOCKERFILE, "index.html": "first", "db.env": "FROM_FILE=2\n", ".env": "TAG=7\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    def run(*words: str) -> Completed:
        file = str(tmp_path / "compose.yaml")
        return compose("compose", "-f", file, *words, timeout=300, environment={"SECRET_VALUE": "whisper"})

    yield run
    run("--profile", "*", "down", "-t", "0", "--volumes", "--remove-orphans", "--rmi", "local")


def test_what_a_file_asks_for_is_so(run: Run, docker: Docker, port: int) -> None:
    run("up", "-d", "--wait", "--build")

    def inside(service: str, script: str) -> list[str]:
        return run("exec", "-T", service, "sh", "-c", script).stdout.splitlines()

    assert inside("db", "echo $FROM_COMMON $LEVEL $FROM_FILE; hostname; pwd; cat /proc/sys/net/core/somaxconn") == [
        "1 db 2", "store", "/src", "1024"
    ]  # fmt: skip
    assert inside("db", "ulimit -n; ulimit -Hn; cat /proc/1/oom_score_adj; id -G") == ["1000", "2000", "100", "0 44"]
    mounts = inside("db", "mount | grep -E ' /(src|scratch|dev/shm) ' | sort -k 3")
    assert [one.split(" on ")[1].split()[0] for one in mounts] == ["/dev/shm", "/scratch", "/src"]
    assert "size=32768k" in mounts[0] and "size=1024k" in mounts[1] and "(ro," in mounts[2]
    hosts = " ".join(inside("db", "cat /etc/hosts /etc/resolv.conf")).replace("\t", " ")
    for words in ("10.1.1.1 other", "store.example.org store", "search example.com", "options ndots:2"):
        assert words in hosts
    status = inside("db", "grep -E 'CapEff|NoNewPrivs' /proc/self/status")
    effective = int(status[0].split()[1], 16)
    assert (effective >> 25 & 1, effective >> 13 & 1, status[1].split()[1]) == (1, 0, "1"), "SYS_TIME, NET_RAW"
    assert inside("db", "cat /sys/class/net/eth0/address; tr '\\0' ' ' < /proc/1/cmdline | cut -c1-17") == [
        "02:42:ac:11:00:99", "/sbin/docker-init"
    ]  # fmt: skip
    host = json.loads(docker.out("inspect", "-f", "{{json .HostConfig}}", "life-db-1"))
    assert (host["NanoCpus"], host["Memory"], host["MemoryReservation"], host["PidsLimit"]) == (
        500_000_000, 64 << 20, 16 << 20, 50,
    )  # fmt: skip
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}}
    assert inside("beside", "cat /sys/class/net/eth0/address") == ["02:42:ac:11:00:99"]
    assert inside("beside", "ps | grep -c '[h]ttpd -f -p 5432'") == ["2"], "its init, and itself"
    assert "sleep 1000" in run("top", "beside").stdout
    assert inside("web", "cat /run/secrets/tok /part/answer; cat /run/secrets/envsecret") == ["hush42", "whisper"]
    assert inside("web", "cat /sys/class/net/lan0/operstate; ip route | grep default | cut -d' ' -f5") == ["up", "eth0"]
    assert (
        inside("web", "ip -6 addr show dev eth0 | grep -c 'inet6 fd'; ping -c1 -W5 store > /dev/null; echo $?")[0]
        == "1"
    )
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/word", timeout=30) as answer:
        assert answer.read() == b"built\n"


def test_a_project_is_worked_with(run: Run, docker: Docker, compose: Docker, tmp_path: Path, port: int) -> None:
    run("up", "-d", "--wait", "--build")
    assert run("config", "--services").stdout.split() != []
    assert len(run("ps", "-q", "worker").stdout.split()) == 2
    run("up", "-d", "--no-recreate", "--scale", "worker=3", "worker")
    assert len(run("ps", "-q", "worker").stdout.split()) == 3
    assert run("run", "--rm", "tool", "said").stdout == "said\n"
    run("cp", str(tmp_path / "token"), "web:/copied")
    assert run("exec", "-T", "web", "cat", "/copied").stdout == "hush"
    assert "life-db-1" in run("stats", "--no-stream").stdout
    assert run("port", "web", "80").stdout.strip() == f"127.0.0.1:{port}"
    run("pause", "db")
    assert "Paused" in run("ps", "db").stdout
    run("unpause", "db")

    assert page(port) == b"first"
    file = str(tmp_path / "compose.yaml")
    with compose.start("compose", "-f", file, "watch", "--no-up") as watching:
        watching.expect("Watch enabled")
        (tmp_path / "index.html").write_text("second")
        wait_until(lambda: page(port) == b"second", 60)
    run("commit", "web", "life-kept:1")
    assert docker.out("image", "inspect", "-f", "{{.Config.Cmd}}", "life-kept:1") == "[httpd -f -p 80 -h /www]"
