"""What ``kubectl get`` shows of every kind: the columns of each, those of ``-o wide`` behind a bar, as upstream's
(pkg/printers/internalversion/printers.go; of other kinds: name and age, or what their definition says)."""

import pytest

from tests.conformance.kube.web import TABLE, Web

CORE = {
    "componentstatuses": "Name Status Message Error",
    "configmaps": "Name Data Age",
    "endpoints": "Name Endpoints Age",
    "events": "Last_Seen Type Reason Object Message | Subobject Source First_Seen Count Name",
    "limitranges": "Name Created_At",
    "namespaces": "Name Status Age",
    "nodes": "Name Status Roles Age Version | Internal-IP External-IP OS-Image Kernel-Version Container-Runtime",
    "persistentvolumeclaims": (
        "Name Status Volume Capacity Access_Modes StorageClass VolumeAttributesClass Age | VolumeMode"
    ),
    "persistentvolumes": (
        "Name Capacity Access_Modes Reclaim_Policy Status Claim StorageClass VolumeAttributesClass Reason Age "
        "| VolumeMode"
    ),
    "pods": "Name Ready Status Restarts Age | IP Node Nominated_Node Readiness_Gates",
    "podtemplates": "Name Containers Images Pod_Labels",
    "replicationcontrollers": "Name Desired Current Ready Age | Containers Images Selector",
    "resourcequotas": "Name Request Limit Age",
    "secrets": "Name Type Data Age",
    "serviceaccounts": "Name Secrets Age",
    "services": "Name Type Cluster-IP External-IP Port(s) Age | Selector",
}
OTHERS = {
    "admissionregistration.k8s.io/v1/mutatingadmissionpolicies": "Name Mutations ParamKind Age",
    "admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings": "Name PolicyName ParamRef Age",
    "admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": "Name Webhooks Age",
    "admissionregistration.k8s.io/v1/validatingadmissionpolicies": "Name Validations ParamKind Age",
    "admissionregistration.k8s.io/v1/validatingadmissionpolicybindings": "Name PolicyName ParamRef Age",
    "admissionregistration.k8s.io/v1/validatingwebhookconfigurations": "Name Webhooks Age",
    "apiextensions.k8s.io/v1/customresourcedefinitions": "Name Created_At",
    "apiregistration.k8s.io/v1/apiservices": "Name Service Available Age",
    "apps/v1/controllerrevisions": "Name Controller Revision Age",
    "apps/v1/daemonsets": (
        "Name Desired Current Ready Up-to-date Available Node_Selector Age | Containers Images Selector"
    ),
    "apps/v1/deployments": "Name Ready Up-to-date Available Age | Containers Images Selector",
    "apps/v1/replicasets": "Name Desired Current Ready Age | Containers Images Selector",
    "apps/v1/statefulsets": "Name Ready Age | Containers Images",
    "autoscaling/v1/horizontalpodautoscalers": "Name Reference Targets MinPods MaxPods Replicas Age",
    "autoscaling/v2/horizontalpodautoscalers": "Name Reference Targets MinPods MaxPods Replicas Age",
    "batch/v1/cronjobs": "Name Schedule Timezone Suspend Active Last_Schedule Age | Containers Images Selector",
    "batch/v1/jobs": "Name Status Completions Duration Age | Containers Images Selector",
    "certificates.k8s.io/v1/certificatesigningrequests": "Name Age SignerName Requestor RequestedDuration Condition",
    "coordination.k8s.io/v1/leases": "Name Holder Age",
    "coordination.k8s.io/v1beta1/leasecandidates": "Name LeaseName BinaryVersion EmulationVersion Age",
    "discovery.k8s.io/v1/endpointslices": "Name AddressType Ports Endpoints Age",
    "events.k8s.io/v1/events": "Last_Seen Type Reason Object Message | Subobject Source First_Seen Count Name",
    "flowcontrol.apiserver.k8s.io/v1/flowschemas": (
        "Name PriorityLevel MatchingPrecedence DistinguisherMethod Age MissingPL"
    ),
    "flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations": (
        "Name Type NominalConcurrencyShares Queues HandSize QueueLengthLimit Age"
    ),
    "networking.k8s.io/v1/ingressclasses": "Name Controller Parameters Age",
    "networking.k8s.io/v1/ingresses": "Name Class Hosts Address Ports Age",
    "networking.k8s.io/v1/ipaddresses": "Name ParentRef",
    "networking.k8s.io/v1/networkpolicies": "Name Pod-Selector Age",
    "networking.k8s.io/v1/servicecidrs": "Name CIDRs Age",
    "node.k8s.io/v1/runtimeclasses": "Name Handler Age",
    "policy/v1/poddisruptionbudgets": "Name Min_Available Max_Unavailable Allowed_Disruptions Age",
    "rbac.authorization.k8s.io/v1/clusterrolebindings": "Name Role Age | Users Groups ServiceAccounts",
    "rbac.authorization.k8s.io/v1/clusterroles": "Name Created_At",
    "rbac.authorization.k8s.io/v1/rolebindings": "Name Role Age | Users Groups ServiceAccounts",
    "rbac.authorization.k8s.io/v1/roles": "Name Created_At",
    "resource.k8s.io/v1/deviceclasses": "Name Age",
    "resource.k8s.io/v1/resourceclaims": "Name State Age",
    "resource.k8s.io/v1/resourceclaimtemplates": "Name Age",
    "resource.k8s.io/v1/resourceslices": "Name Node Driver Pool Age",
    "scheduling.k8s.io/v1/priorityclasses": "Name Value Global-Default Age PreemptionPolicy",
    "storage.k8s.io/v1/csidrivers": (
        "Name AttachRequired PodInfoOnMount StorageCapacity TokenRequests RequiresRepublish Modes Age"
    ),
    "storage.k8s.io/v1/csinodes": "Name Drivers Age",
    "storage.k8s.io/v1/csistoragecapacities": "Name StorageClassName Capacity",
    "storage.k8s.io/v1/storageclasses": "Name Provisioner ReclaimPolicy VolumeBindingMode AllowVolumeExpansion Age",
    "storage.k8s.io/v1/volumeattachments": "Name Attacher PV Node Attached Age",
    "storage.k8s.io/v1/volumeattributesclasses": "Name DriverName Age",
}
PATHS = {**{f"/api/v1/{name}": columns for name, columns in CORE.items()},
         **{f"/apis/{name}": columns for name, columns in OTHERS.items()}}  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_columns(web: Web, path: str) -> None:
    found = web.get(path, TABLE).ok()["columnDefinitions"]
    plain, _, wide = PATHS[path].partition(" | ")
    for priority, expected in ((0, plain), (1, wide)):
        assert " ".join(each["name"].replace(" ", "_") for each in found if each["priority"] == priority) == expected
