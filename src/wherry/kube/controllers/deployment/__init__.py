"""Replaces the pods of a Deployment by those of a new template, as fast as its strategy allows
(k8s.io/kubernetes pkg/controller/deployment).

Each template is a ReplicaSet; the one whose template is the Deployment's is the **new** one, all others are **old**. A
set is **active** when it is to have pods. The **revision** of a set (an annotation) counts the templates.

:mod:`.view` reads objects. :mod:`.board` is the draft of all sets that a plan is made on: :mod:`.rolling`,
:mod:`.recreate` and :mod:`.scaling` move sizes on it, :mod:`.plan` puts them together and says what differs from the
sets as they are. :mod:`.status` and :mod:`.progress` say how far it is. All of these are pure; :mod:`.controller`
fetches and acts.
"""
