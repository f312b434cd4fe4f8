"""Rules of Ingresses, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made, with_status
from wherry.kube.kinds.ingress import KIND
from wherry.kube.machinery.model import Object

BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
OLD = {"annotations": {"kubernetes.io/ingress.class": "nginx"}}


def at(path: Object, **rule: Any) -> Object:
    return {"rules": [{"http": {"paths": [path]}, **rule}]}


def path(text: str = "/", kind: str = "Prefix", backend: Object | None = None) -> Object:
    return {"path": text, "pathType": kind, "backend": BACKEND if backend is None else backend}


AT = "spec.rules[0].http.paths[0]"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"defaultBackend": BACKEND}, []),
        (at(path()), []),
        (at(path(), host="*.example.com"), []),
        (at(path("", "ImplementationSpecific")), []),
        ({"defaultBackend": {"resource": {"apiGroup": "a.io", "kind": "Bucket", "name": "b"}}}, []),
        ({}, ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"]),
        (at(path("web")), [f'{AT}.path: Invalid value: "web": must be an absolute path']),
        (at(path("/a//b")), [f"{AT}.path: Invalid value: \"/a//b\": must not contain '//'"]),
        (at(path("/a%2fb", "Exact")), [f"{AT}.path: Invalid value: \"/a%2fb\": must not contain '%2f'"]),
        (at(path("/a/..")), [f"{AT}.path: Invalid value: \"/a/..\": cannot end with '/..'"]),
        (at(path("/", "Near")),
         [f'{AT}.pathType: Unsupported value: "Near": supported values: "Exact", "ImplementationSpecific", "Prefix"']),
        (at({"path": "/", "backend": BACKEND}), [f"{AT}.pathType: Required value: pathType must be specified"]),
        (at(path(backend={})), [f'{AT}.backend: Invalid value: "": resource or service backend is required']),
        (at(path(backend={**BACKEND, "resource": {}})),
         [f'{AT}.backend: Invalid value: "": cannot set both resource and service backends']),
        (at(path(backend={"service": {"name": "web"}})),
         [f"{AT}.backend: Required value: port name or number is required"]),
        (at(path(backend={"service": {"name": "web", "port": {"name": "http", "number": 80}}})),
         [f'{AT}.backend: Invalid value: "": cannot set both port name & port number']),
        (at(path(backend={"service": {"name": "web", "port": {"number": 70000}}})),
         [f"{AT}.backend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive"]),
        (at(path(), host="10.0.0.1"),
         ['spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address']),
        ({"rules": [{"http": {"paths": []}}]}, ["spec.rules[0].http.paths: Required value"]),
        ({"defaultBackend": {"resource": {}}},
         ["spec.defaultBackend.resource.kind: Required value: kind is required",
          "spec.defaultBackend.resource.name: Required value: name is required"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_hosts_are_domains() -> None:
    (error,) = created(KIND, spec={**at(path()), "tls": [{"hosts": ["*.Example.com"], "secretName": "tls"}]})
    assert error.startswith('spec.tls[0].hosts[0]: Invalid value: "*.Example.com": a wildcard DNS-1123 subdomain')


def test_its_class_is_named_once() -> None:
    spec = {"defaultBackend": BACKEND, "ingressClassName": "other"}
    assert created(KIND, metadata=OLD, spec=spec) == [
        'annotations.kubernetes.io/ingress.class: Invalid value: "nginx": must match `ingressClassName` when both are '
        "specified"
    ]
    assert changed(KIND, made(KIND, metadata=OLD, spec=spec), spec=spec) == []
    obj = made(KIND, metadata=OLD, spec={"defaultBackend": BACKEND})
    assert list(KIND.strategy.warnings(obj, None)) == [
        "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"
    ]
    assert not KIND.strategy.warnings(obj, obj)


def test_where_it_is_served() -> None:
    old = made(KIND, spec={"defaultBackend": BACKEND})
    assert with_status(KIND, old, loadBalancer={"ingress": [{"ip": "10.0.0.1"}, {"hostname": "a.example.com"}]}) == []
    point = {"ip": "x", "ports": [{"port": 0, "protocol": "UDP"}]}
    assert with_status(KIND, old, loadBalancer={"ingress": [point, {"hostname": "10.0.0.1"}]}) == [
        'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, '
        "(e.g. 10.9.8.7 or 2001:db8::ffff)",
        "status.loadBalancer.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        'status.loadBalancer.ingress[1].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    ]


@pytest.mark.parametrize(
    ("hosts", "shown"),
    [
        ([], "*"),
        (["a.io"], "a.io"),
        (["a.io", "b.io", "c.io"], "a.io,b.io,c.io"),
        (["a.io", "b.io", "c.io", "d.io"], "a.io,b.io,c.io + 1 more..."),
    ],
)
def test_hosts_are_shown(hosts: list[str], shown: str) -> None:
    assert KIND.cells is not None
    assert KIND.cells({"spec": {"rules": [{"host": host} for host in hosts]}}, NOW)[2] == shown


def test_what_is_shown() -> None:
    obj = made(KIND, spec={"ingressClassName": "nginx", "tls": [{}], "defaultBackend": BACKEND})
    obj["status"] = {"loadBalancer": {"ingress": [{"hostname": "b.io"}, {"ip": "10.0.0.1"}]}}
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("a", "nginx", "*", "10.0.0.1,b.io", "80, 443", "2m5s")
