"""Former templates of StatefulSets and DaemonSets, as ControllerRevisions (k8s.io/kubernetes pkg/controller/history).

Each template is a revision, numbered upwards. One that is taken up again is numbered anew. ``data`` is a patch that
makes the owner's template what it was: ``kubectl rollout undo`` applies it as it is. :mod:`.revisions` is pure,
:mod:`.control` acts.
"""
