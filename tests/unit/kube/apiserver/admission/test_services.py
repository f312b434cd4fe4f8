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
