import pytest

from tests.unit.kube.apiserver.admission.asking import admitted, create, needs, refused, update
from wherry.kube.apiserver.admission.services import DefaultIngressClass, DenyServiceExternalIPs
from wherry.kube.machinery.model import Object


def service(*addresses: str) -> Object:
    meta = {"name": "web", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"externalIPs": list(addresses)}}


async def test_external_addresses_are_not_added_but_may_go() -> None:
    plugin = DenyServiceExternalIPs()
    error = await refused(plugin, create(service("203.0.113.1")))
    assert str(error) == 'services "web" is forbidden: Use of external IPs is denied by admission control'
    await refused(plugin, update(service("203.0.113.1", "203.0.113.2"), service("203.0.113.1")))
    await admitted(plugin, update(service("203.0.113.1"), service("203.0.113.1", "203.0.113.2")))
    await admitted(plugin, create(service()))


def ingress(**spec: object) -> Object:
    meta = {"name": "web", "namespace": "default"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": spec}


def ingress_class(name: str, created: str, default: str = "true") -> Object:
    annotations = {"ingressclass.kubernetes.io/is-default-class": default}
    meta = {"name": name, "creationTimestamp": created, "annotations": annotations}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": meta}


async def test_an_ingress_without_class_gets_the_youngest_default() -> None:
    classes = [ingress_class("old", "2025"), ingress_class("new", "2026"), ingress_class("no", "2027", "false")]
    plugin = DefaultIngressClass(needs(*classes))
    assert (await admitted(plugin, create(ingress())))["spec"]["ingressClassName"] == "new"
    assert (await admitted(plugin, create(ingress(ingressClassName="x"))))["spec"]["ingressClassName"] == "x"
    annotated = ingress()
    annotated["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "nginx"}
    assert "ingressClassName" not in (await admitted(plugin, create(annotated)))["spec"]
    assert "ingressClassName" not in (await admitted(DefaultIngressClass(needs()), create(ingress())))["spec"]


@pytest.mark.parametrize(
    ("spec", "classes", "told"),
    [
        ({}, [], ["there is no IngressClass: "]),
        ({}, [("nginx", "true")], []),
        ({}, [("nginx", "false")], []),
        ({"ingressClassName": "nginx"}, [], ["there is no IngressClass nginx: "]),
        ({"ingressClassName": "nginx"}, [("traefik", "true")], ["there is no IngressClass nginx: "]),
        ({"ingressClassName": "nginx"}, [("nginx", "false")], []),
    ],
)
async def test_an_ingress_that_nobody_serves_is_told_so(
    spec: Object, classes: list[tuple[str, str]], told: list[str]
) -> None:
    request = create(ingress(**spec))
    await admitted(
        DefaultIngressClass(needs(*(ingress_class(name, "2026", is_it) for name, is_it in classes))), request
    )
    rest = "nothing serves this Ingress until a controller for it is installed"
    assert request.warnings == [f"{each}{rest}" for each in told]
