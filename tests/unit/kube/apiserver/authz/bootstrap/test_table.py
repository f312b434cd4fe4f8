"""Tables of roles."""

from wherry.kube.apiserver.authz.bootstrap.table import rules
from wherry.kube.apiserver.model import Rule


def test_a_table_is_read_into_rules_with_sorted_lists() -> None:
    table = """\
first
    update get: pods nodes
    READ: deployments/scale @extensions apps
    get: leases @coordination.k8s.io #b a
    *: * @*
    EVENTS
second:with:colons
    get: /b /a/*
    *: *
empty
"""
    assert rules(table) == {
        "first": [
            Rule(("get", "update"), ("",), ("nodes", "pods")),
            Rule(("get", "list", "watch"), ("apps", "extensions"), ("deployments/scale",)),
            Rule(("get",), ("coordination.k8s.io",), ("leases",), ("a", "b")),
            Rule(("*",), ("*",), ("*",)),
            Rule(("create", "patch", "update"), ("", "events.k8s.io"), ("events",)),
        ],
        "second:with:colons": [Rule(("get",), paths=("/a/*", "/b")), Rule(("*",), paths=("*",))],
        "empty": [],
    }
