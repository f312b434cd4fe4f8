"""What kinds about certificates share: names of signers, PEM, keys, X.509 (k8s.io/kubernetes pkg/apis/certificates).

:mod:`cryptography` is imported when something is parsed, not before.
"""
