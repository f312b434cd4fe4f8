"""The real docker compose runs a project: health, order, names, secrets, configurations, ports, and its end."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance import test_build
from tests.conformance.cli import Completed, Docker, page
from tests.kernel.rig import wait_until

compose_program, compose = test_build.compose_program, test_build.compose

PROJECT = """
name: shop
services:
  db:
    image: demo:1
    command: sh -c "mkdir /www; echo data > /www/index.html; exec httpd -f -p 5432 -h /www"
    healthcheck: {test: [CMD, wget, -qO-, "http://127.0.0.1:5432/"], interval: 200ms, retries: 100}
    volumes: ["kept:/data"]
    networks: [back]
  migrate:
    image: demo:1
    command: ping -c1 -W30 db
    depends_on: {db: {condition: service_healthy}}
    networks: [back]
  web:
    image: demo:1
    command: sh -c "mkdir /w; cat /run/secrets/token /app.ini > /w/index.html; exec httpd -f -p 80 -h /w"
    depends_on: {migrate: {condition: service_completed_successfully}}
    ports: ["127.0.0.1:PORT:80"]
    networks: {front: {aliases: [www]}, back: {}}
    links: ["db:database"]
    secrets: [token]
    configs: [{source: app, target: /app.ini}]
  tool: {image: demo:1, command: "true", profiles: [tools], network_mode: none}
networks:
  front: {}
  back: {internal: true, ipam: {config: [{subnet: 10.214.0.0/24}]}}
volumes: {kept: {labels: {a: b}}}
secrets: {token: {file: token}}
configs: {app: {content: "key=1"}}
"""
Run = Callable[..., Completed]


@pytest.fixture
def run(compose: Docker, tmp_path: Path, port: int) -> Run:
    (tmp_path / "compose.yaml").write_text(PROJECT.replace("PORT", str(port)))
    (tmp_path / "token").write_text("hush ")

    def run(*words: str, check: bool = True) -> Completed:
        return compose("compose", "-f", str(tmp_path / "compose.yaml"), *words, check=check, timeout=300)

    return run


def test_a_project_goes_up_and_down(run: Run, docker: Docker, port: int) -> None:
    run("up", "-d", "--wait", "web")
    wait_until(lambda: page(port) == b"hush key=1", 120)
    found = [json.loads(line) for line in run("ps", "-a", "--format", "json").stdout.splitlines()]
    assert {one["Service"]: (one["State"], one["Health"]) for one in found} == {
        "db": ("running", "healthy"),
        "migrate": ("exited", ""),
        "web": ("running", ""),
    }
    for service, name in (("web", "db"), ("web", "database"), ("web", "www"), ("db", "web"), ("db", "shop-web-1")):
        run("exec", "-T", service, "ping", "-c1", "-W30", name)
    assert run("exec", "-T", "db", "ping", "-c1", "-W2", "www", check=False).returncode != 0
    assert "1 packets received" in run("logs", "--no-log-prefix", "migrate").stdout
    run("up", "-d", "--wait", "--scale", "db=2", "db")
    addresses = run("exec", "-T", "web", "nslookup", "db").stdout.count("Address: 10.214.0.")
    assert addresses == 2
    run("restart", "-t", "0", "web")
    run("run", "--rm", "tool")
    run("down", "-t", "0", "--volumes")
    assert docker.out("ps", "-aq") == ""
    assert docker.out("network", "ls", "--format", "{{.Name}}").splitlines() == ["bridge", "host", "none"]
    assert docker.out("volume", "ls", "-q") == ""


def test_a_service_that_never_gets_healthy_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(file.read_text().replace("http://127.0.0.1:5432/", "http://127.0.0.1:1/").replace("100}", "1}"))
    failed = run("up", "-d", "--wait", "web", check=False)
    assert failed.returncode != 0
    assert "shop-db-1 is unhealthy" in failed.stderr
    run("down", "-t", "0", "--volumes")
