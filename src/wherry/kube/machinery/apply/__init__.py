"""Server-side apply and managed fields: who owns which field of an object.

What sigs.k8s.io/structured-merge-diff and k8s.io/apimachinery ``pkg/util/managedfields`` do, in the terms of
:class:`wherry.kube.machinery.schema.model.Schema`. :func:`~wherry.kube.machinery.apply.managed.track_update` notes who
changed what, :func:`~wherry.kube.machinery.apply.apply.server_side_apply` merges an applied configuration, and
:func:`~wherry.kube.machinery.apply.extract.extract` gives back what a manager owns.

A **field set** is what the API calls FieldsV1, as decoded JSON, and is worked on in this form: a tree of dicts, keyed
by path elements (``f:spec``, ``k:{"name":"web"}``, ``v:"x"``, ``i:0``). A leaf ``{}`` is a member of the set; a node
with children is one only if it has the key ``.``. Sets are shared and never changed, except by who just made them.

No I/O, no clock: the time is an argument. Results share with the live object what did not change, and nothing with
what was applied.
"""
