"""What objects count against a ResourceQuota: pure; admission charges by it, a controller counts again by it.

It is no kind of its own. An **amount** is a resource name with a quantity: ``pods`` 1, ``requests.cpu`` 250m,
``count/deployments.apps`` 1. A quota is about an object when it limits one of the object's amounts and its scopes
select the object (k8s.io/kubernetes pkg/quota/v1).
"""
