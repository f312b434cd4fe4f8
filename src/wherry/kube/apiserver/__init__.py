"""The API server: REST over any kind.

:mod:`wherry.kube.apiserver.model` has its words. A request passes, in this order: TLS, authentication, impersonation,
(audit), (priority and fairness), authorization, then its handler. A write is decode, convert, default, prepare, admit,
validate, store: written once, for built-in and custom kinds. (What stands in brackets is not built.)

Objects are in the store as the JSON bytes that clients get, but for their resource version, which is the store's
revision. Each kind's objects are also in memory, kept by one watch of the store; lists and watches are answered there.
"""
