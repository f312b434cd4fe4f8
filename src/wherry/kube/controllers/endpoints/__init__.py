"""Which pods are behind a Service, told as EndpointSlices and, for those who still read them, as Endpoints
(k8s.io/kubernetes pkg/controller/{endpointslice,endpoint,endpointslicemirroring}).

:mod:`.facts` reads a service's pods, :mod:`.plan` makes slices of them and says how those that are there become those,
with as few writes as it takes, :mod:`.legacy` makes the one Endpoints object. These are pure; :mod:`.controller` acts.
A service without a selector is its author's business; who tells of its endpoints by an Endpoints object gets slices
of it (:mod:`.mirrored`, pure; :mod:`.mirroring`, acts).
"""
