"""Secrets of type ``kubernetes.io/service-account-token``: filled with a token that does not expire, gone with their
account (k8s.io/kubernetes pkg/controller/serviceaccount/tokens_controller.go).

Pods get other tokens; these are for who asks for one by making such a secret.
"""

import base64
from collections.abc import Callable, Iterable

from wherry.kube.controllers.accounts import ACCOUNTS
from wherry.kube.controllers.frame import Interest, Key, Needs, found, removed
from wherry.kube.machinery.model import GroupVersionResource, Object

SECRETS = GroupVersionResource("", "v1", "secrets")
TYPE = "kubernetes.io/service-account-token"
ACCOUNT_NAME = "kubernetes.io/service-account.name"
ACCOUNT_UID = "kubernetes.io/service-account.uid"

Sign = Callable[[str, Object], str]
"""The token for a secret of that name and an account."""


class AccountTokens:
    """A Reconciler; keys are secrets."""

    name = "serviceaccount-token-controller"

    def __init__(self, needs: Needs, authority_pem: str, sign: Sign) -> None:
        self._client = needs.client
        self._authority = authority_pem
        self._sign = sign
        self._secrets = needs.informers.of(SECRETS, fields=f"type={TYPE}")
        self._secrets.cache.add_index("account", _account_keys)
        accounts = needs.informers.of(ACCOUNTS)
        self.interests = (Interest(self._secrets), Interest(accounts, self._of_account))

    def _of_account(self, account: Object) -> Iterable[Key]:
        """Only those of an account that has some need a look when it changes or goes."""
        meta = account["metadata"]
        mine = self._secrets.cache.by_index("account", f"{meta['namespace']}/{meta['name']}")
        return [Key(each["metadata"]["namespace"], each["metadata"]["name"]) for each in mine]

    async def reconcile(self, key: Key) -> float | None:
        secret = await found(self._client, SECRETS, key)
        if secret is None or secret.get("type") != TYPE or "deletionTimestamp" in secret["metadata"]:
            return None
        annotations = secret["metadata"].get("annotations") or {}
        name = annotations.get(ACCOUNT_NAME, "")
        account = await found(self._client, ACCOUNTS, Key(key.namespace, name)) if name else None
        uid = annotations.get(ACCOUNT_UID)
        if account is None or (uid and uid != account["metadata"]["uid"]):
            await removed(self._client, SECRETS, secret)
            return None
        filled = self._filled(secret, account)
        if filled != secret:
            await self._client.update(SECRETS, filled, key.namespace)
        return None

    def _filled(self, secret: Object, account: Object) -> Object:
        data = {**(secret.get("data") or {})}
        meta = secret["metadata"]
        data["ca.crt"] = _encoded(self._authority)
        data.setdefault("namespace", _encoded(meta["namespace"]))
        if not data.get("token"):
            data["token"] = _encoded(self._sign(meta["name"], account))
        annotations = {**(meta.get("annotations") or {}), ACCOUNT_UID: account["metadata"]["uid"]}
        return {**secret, "data": data, "metadata": {**meta, "annotations": annotations}}


def _account_keys(secret: Object) -> Iterable[str]:
    meta = secret["metadata"]
    name = (meta.get("annotations") or {}).get(ACCOUNT_NAME)
    return [f"{meta['namespace']}/{name}"] if name else []


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
