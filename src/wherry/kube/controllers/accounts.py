"""Every namespace has an account ``default``, and a config map with the authority that the API is known by
(k8s.io/kubernetes pkg/controller/serviceaccount, pkg/controller/certificates/rootcacertpublisher)."""

from wherry.kube.client.informer import Informer
from wherry.kube.controllers.frame import Interest, Key, Needs, by_namespace
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

NAMESPACES = GroupVersionResource("", "v1", "namespaces")
ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
CONFIG_MAPS = GroupVersionResource("", "v1", "configmaps")
DEFAULT = "default"
ROOT_CA = "kube-root-ca.crt"
_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


class _InEveryNamespace:
    """A Reconciler; keys are namespaces."""

    name = ""

    def __init__(self, needs: Needs, made: Informer) -> None:
        self._client = needs.client
        self._namespaces = needs.informers.of(NAMESPACES)
        self._made = made
        self.interests = (Interest(self._namespaces), Interest(made, by_namespace))

    def _is_open(self, name: str) -> bool:
        namespace = self._namespaces.cache.get(name)
        return namespace is not None and "deletionTimestamp" not in namespace["metadata"]

    async def _create(self, resource: GroupVersionResource, obj: Object, namespace: str) -> None:
        try:
            await self._client.create(resource, obj, namespace)
        except StatusError as error:
            # There already, or the namespace is ending: nothing to do either way.
            if error.code not in (404, 409) and not _is_ending(error):
                raise


def _is_ending(error: StatusError) -> bool:
    return any(each.get("reason") == "NamespaceTerminating" for each in error.details.get("causes") or ())


class DefaultAccounts(_InEveryNamespace):
    name = "serviceaccount-controller"

    def __init__(self, needs: Needs) -> None:
        super().__init__(needs, needs.informers.of(ACCOUNTS))

    async def reconcile(self, key: Key) -> float | None:
        if self._is_open(key.name) and self._made.cache.get(DEFAULT, key.name) is None:
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": DEFAULT}}
            await self._create(ACCOUNTS, account, key.name)
        return None


class RootCertificates(_InEveryNamespace):
    """``authority_pem`` is what clients are to trust."""

    name = "root-ca-certificate-publisher"

    def __init__(self, needs: Needs, authority_pem: str) -> None:
        super().__init__(needs, needs.informers.of(CONFIG_MAPS, fields=f"metadata.name={ROOT_CA}"))
        self._data = {"ca.crt": authority_pem}

    async def reconcile(self, key: Key) -> float | None:
        if not self._is_open(key.name):
            return None
        found = self._made.cache.get(ROOT_CA, key.name)
        annotations = {"kubernetes.io/description": _DESCRIPTION}
        if found is None:
            meta = {"name": ROOT_CA, "annotations": annotations}
            made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": self._data}
            await self._create(CONFIG_MAPS, made, key.name)
        elif found.get("data") != self._data:
            annotations = {**(found["metadata"].get("annotations") or {}), **annotations}
            changed = {**found, "data": self._data, "metadata": {**found["metadata"], "annotations": annotations}}
            await self._client.update(CONFIG_MAPS, changed, key.name)
        return None
