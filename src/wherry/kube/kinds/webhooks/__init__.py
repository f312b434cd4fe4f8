"""What the kinds of admissionregistration.k8s.io share: which requests are meant, how webhooks are called, columns.

The server keeps these objects and does not act by them yet; every write is answered with a warning that says so.
"""
