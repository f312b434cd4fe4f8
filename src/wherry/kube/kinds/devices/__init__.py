"""What the kinds of resource.k8s.io share: names, taints, selectors, configurations, claims, and their v1beta1.

Expressions (CEL) are kept and not looked at, but for their being there and their length.
"""
