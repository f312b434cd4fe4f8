"""All controllers, as one list."""

from typing import TYPE_CHECKING

import msgspec

from wherry.kube.controllers.accounts import DefaultAccounts, RootCertificates
from wherry.kube.controllers.accounttokens import AccountTokens, Sign
from wherry.kube.controllers.bootstraptokens import BootstrapTokenCleaner
from wherry.kube.controllers.clusterroles import Aggregate, ClusterRoleAggregation
from wherry.kube.controllers.csrapproving import CsrApproving
from wherry.kube.controllers.csrcleaning import CsrCleaning, PodRequestCleaning
from wherry.kube.controllers.csrsigning import CsrSigning
from wherry.kube.controllers.definitions import WORKERS as DEFINITION_WORKERS
from wherry.kube.controllers.definitions import DefinitionController
from wherry.kube.controllers.endpoints.controller import EndpointsController
from wherry.kube.controllers.endpoints.mirroring import EndpointsMirroring
from wherry.kube.controllers.frame import Controller, Needs, Reconciler, Runnable
from wherry.kube.controllers.garbage.controller import GarbageCollector
from wherry.kube.controllers.namespace.controller import NamespaceController
from wherry.kube.controllers.protection import ClaimProtection, VolumeProtection
from wherry.kube.controllers.quota import QuotaController

if TYPE_CHECKING:
    from wherry.kube.pki.making import Authority

NAMESPACE_WORKERS, ENDPOINT_WORKERS = 5, 5


class Given(msgspec.Struct, frozen=True):
    """What is decided elsewhere: the authority, who signs old-style tokens, how cluster roles are put together."""

    authority: "Authority"
    authority_pem: str
    sign_token: Sign
    aggregate: Aggregate


def controllers(needs: Needs, given: Given) -> tuple[Runnable, ...]:
    """To be run while ``needs.informers`` are entered, each as a task of its own."""
    quota = QuotaController(needs)
    counting = Controller(quota, needs.clock)
    quota.add = counting.add
    reconcilers: tuple[Reconciler, ...] = (
        DefaultAccounts(needs),
        RootCertificates(needs, given.authority_pem),
        AccountTokens(needs, given.authority_pem, given.sign_token),
        BootstrapTokenCleaner(needs),
        ClusterRoleAggregation(needs, given.aggregate),
        CsrApproving(needs),
        CsrSigning(needs, given.authority),
        CsrCleaning(needs),
        PodRequestCleaning(needs),
        ClaimProtection(needs),
        VolumeProtection(needs),
    )
    return (
        GarbageCollector(needs),
        Controller(NamespaceController(needs), needs.clock, NAMESPACE_WORKERS),
        Controller(DefinitionController(needs), needs.clock, DEFINITION_WORKERS),
        Controller(EndpointsController(needs), needs.clock, ENDPOINT_WORKERS),
        Controller(EndpointsMirroring(needs), needs.clock, ENDPOINT_WORKERS),
        counting,
        *(Controller(each, needs.clock) for each in reconcilers),
    )
