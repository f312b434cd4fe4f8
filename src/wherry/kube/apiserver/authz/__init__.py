"""Who may do what.

Decisions are made from the caches (:class:`~wherry.kube.apiserver.model.Listers`) and nothing else: the Node authorizer
(:mod:`.nodes`) is asked first, then RBAC (:mod:`.rbac`). Both keep indexes that are made anew when the revision of a
lister has moved, so a decision costs microseconds. No opinion of anyone is a no.
"""
