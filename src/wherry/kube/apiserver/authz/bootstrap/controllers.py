"""Cluster roles of controllers. Each is for the service account of kube-system that is called like it."""

PREFIX = "system:controller:"
TABLE = """\
system:controller:attachdetach-controller
    list watch: persistentvolumeclaims persistentvolumes
    READ: nodes
    patch update: nodes/status
    list watch: pods
    EVENTS
    create delete get list watch: volumeattachments @storage.k8s.io
    READ: csidrivers @storage.k8s.io
    READ: csinodes @storage.k8s.io
system:controller:clusterrole-aggregation-controller
    escalate get list patch update watch: clusterroles @rbac.authorization.k8s.io
system:controller:cronjob-controller
    get list update watch: cronjobs @batch
    create delete get list patch update watch: jobs @batch
    update: cronjobs/status @batch
    update: cronjobs/finalizers @batch
    delete list watch: pods
    EVENTS
system:controller:daemon-set-controller
    READ: daemonsets @apps extensions
    update: daemonsets/status @apps extensions
    update: daemonsets/finalizers @apps extensions
    list watch: nodes
    create delete list patch watch: pods
    create: pods/binding
    create delete get list patch update watch: controllerrevisions @apps
    EVENTS
system:controller:deployment-controller
    get list update watch: deployments @apps extensions
    update: deployments/status @apps extensions
    update: deployments/finalizers @apps extensions
    create delete get list patch update watch: replicasets @apps extensions
    get list update watch: pods
    EVENTS
system:controller:disruption-controller
    READ: deployments @apps extensions
    READ: replicasets @apps extensions
    READ: replicationcontrollers
    READ: poddisruptionbudgets @policy
    READ: statefulsets @apps
    update: poddisruptionbudgets/status @policy
    patch update: pods/status
    get: */scale @*
    EVENTS
system:controller:endpoint-controller
    READ: pods services
    create delete get list update watch: endpoints
    create: endpoints/restricted
    EVENTS
system:controller:endpointslice-controller
    READ: nodes pods services
    update: services/finalizers
    create delete get list update watch: endpointslices @discovery.k8s.io
    EVENTS
system:controller:endpointslicemirroring-controller
    READ: endpoints services
    update: services/finalizers
    update: endpoints/finalizers
    create delete get list update watch: endpointslices @discovery.k8s.io
    EVENTS
system:controller:expand-controller
    get list patch update watch: persistentvolumes
    patch update: persistentvolumeclaims/status
    READ: persistentvolumeclaims
    EVENTS
system:controller:ephemeral-volume-controller
    READ: pods
    update: pods/finalizers
    create get list watch: persistentvolumeclaims
    EVENTS
system:controller:resource-claim-controller
    READ: pods
    update: pods/finalizers
    create delete get list watch: resourceclaims @resource.k8s.io
    patch update: resourceclaims resourceclaims/status @resource.k8s.io
    patch update: pods/status
    EVENTS
    READ: podgroups @scheduling.k8s.io
    patch update: podgroups/status @scheduling.k8s.io
    patch update: resourceclaims/binding @resource.k8s.io
system:controller:device-taint-eviction-controller
    delete get list watch: pods
    patch update: pods/status
    READ: resourceclaims @resource.k8s.io
    READ: resourceslices @resource.k8s.io
    READ: deviceclasses @resource.k8s.io
    EVENTS
    patch update: devicetaintrules/status @resource.k8s.io
    READ: devicetaintrules @resource.k8s.io
system:controller:generic-garbage-collector
    delete get list patch update watch: * @*
    EVENTS
system:controller:horizontal-pod-autoscaler
    READ: horizontalpodautoscalers @autoscaling
    update: horizontalpodautoscalers/status @autoscaling
    get update: */scale @*
    list watch: pods
    list watch: pods @metrics.k8s.io
    READ: * @custom.metrics.k8s.io
    READ: * @external.metrics.k8s.io
    EVENTS
system:controller:job-controller
    get list patch update watch: jobs @batch
    update: jobs/status @batch
    update: jobs/finalizers @batch
    create delete list patch watch: pods
    EVENTS
    create get list patch update watch: podgroups workloads @scheduling.k8s.io
system:controller:namespace-controller
    delete get list watch: namespaces
    update: namespaces/finalize namespaces/status
    delete deletecollection get list watch: * @*
system:controller:node-controller
    delete get list patch update watch: nodes
    patch update: nodes/status
    patch update: pods/status
    delete get list watch: pods
    READ: leases @coordination.k8s.io
    EVENTS
system:controller:persistent-volume-binder
    create delete get list update watch: persistentvolumes
    update: persistentvolumes/status
    get list update watch: persistentvolumeclaims
    update: persistentvolumeclaims/status
    create delete get list watch: pods
    READ: storageclasses @storage.k8s.io
    list watch: nodes
    EVENTS
    watch: events
system:controller:pod-garbage-collector
    delete list watch: pods
    READ: nodes
    patch: pods/status
system:controller:podgroup-protection-controller
    get list update watch: podgroups @scheduling.k8s.io
    READ: pods
system:controller:replicaset-controller
    get list update watch: replicasets @apps extensions
    update: replicasets/status @apps extensions
    update: replicasets/finalizers @apps extensions
    create delete list patch watch: pods
    EVENTS
system:controller:replication-controller
    get list update watch: replicationcontrollers
    update: replicationcontrollers/status
    update: replicationcontrollers/finalizers
    create delete list patch watch: pods
    EVENTS
system:controller:resourcequota-controller
    list watch: * @*
    update: resourcequotas/status
    EVENTS
system:controller:route-controller
    list watch: nodes
    patch: nodes/status
    EVENTS
system:controller:selinux-warning-controller
    EVENTS
    READ: persistentvolumes
    READ: persistentvolumeclaims
    READ: pods
    READ: csidrivers @storage.k8s.io
system:controller:service-account-controller
    create: serviceaccounts
    EVENTS
system:controller:service-controller
    READ: services
    patch update: services/status
    list watch: nodes
    EVENTS
system:controller:service-cidrs-controller
    get list patch update watch: servicecidrs @networking.k8s.io
    patch update: servicecidrs/finalizers @networking.k8s.io
    patch update: servicecidrs/status @networking.k8s.io
    READ: ipaddresses @networking.k8s.io
    EVENTS
system:controller:statefulset-controller
    list watch: pods
    READ: statefulsets @apps
    update: statefulsets/status @apps
    update: statefulsets/finalizers @apps
    create delete get patch update: pods
    create delete get list patch update watch: controllerrevisions @apps
    create get list watch: persistentvolumeclaims
    delete update: persistentvolumeclaims
    update: pods/finalizers
    EVENTS
system:controller:storage-version-migrator-controller
    list patch: * @*
    get: customresourcedefinitions @apiextensions.k8s.io
    patch: customresourcedefinitions/status @apiextensions.k8s.io
    update: storageversionmigrations/status @storagemigration.k8s.io
system:controller:ttl-controller
    list patch update watch: nodes
    EVENTS
system:controller:certificate-controller
    delete get list watch: certificatesigningrequests @certificates.k8s.io
    update: certificatesigningrequests/approval certificatesigningrequests/status @certificates.k8s.io
    approve: signers @certificates.k8s.io #kubernetes.io/kube-apiserver-client-kubelet
    sign: signers @certificates.k8s.io #kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet\
 kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown
    create: subjectaccessreviews @authorization.k8s.io
    EVENTS
system:controller:podcertificaterequestcleaner
    delete get list watch: podcertificaterequests @certificates.k8s.io
system:controller:kube-apiserver-serving-clustertrustbundle-publisher
    attest: signers @certificates.k8s.io #kubernetes.io/kube-apiserver-serving
    create delete list update watch: clustertrustbundles @certificates.k8s.io
    EVENTS
system:controller:pvc-protection-controller
    get list update watch: persistentvolumeclaims
    update: persistentvolumeclaims/status
    READ: pods
    EVENTS
system:controller:pv-protection-controller
    get list update watch: persistentvolumes
    EVENTS
system:controller:volumeattributesclass-protection-controller
    READ: persistentvolumeclaims
    READ: persistentvolumes
    get list update watch: volumeattributesclasses @storage.k8s.io
    EVENTS
system:controller:ttl-after-finished-controller
    delete get list watch: jobs @batch
    EVENTS
system:controller:root-ca-cert-publisher
    create update: configmaps
    EVENTS
system:controller:validatingadmissionpolicy-status-controller
    READ: validatingadmissionpolicies @admissionregistration.k8s.io
    get patch update: validatingadmissionpolicies/status @admissionregistration.k8s.io
    EVENTS
system:controller:legacy-service-account-token-cleaner
    get: configmaps #kube-apiserver-legacy-service-account-token-tracking
    delete patch: secrets
"""
