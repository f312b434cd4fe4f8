"""Runs the pods of a Job until enough of them have succeeded (k8s.io/kubernetes pkg/controller/job).

A pod that has ended must be counted exactly once, whoever deletes it and whenever this process ends. So each pod has
the **tracking finalizer**, and counting has three steps, each of which may be the last of this process: the uid goes
into ``status.uncountedTerminatedPods``; the finalizer is taken off; the counter goes up and the uid out of the list,
in one write. An index of an indexed job is its own counter: ``status.completedIndexes``.

:mod:`.view` reads pods, :mod:`.policies` and :mod:`.backoff` know their rules, :mod:`.counted` takes stock,
:mod:`.plan` decides which pods to make and to delete and whether the job is over, :mod:`.tracking` counts; all of these
are pure. :mod:`.controller` fetches and acts, :mod:`.strays` takes the finalizer off pods whose job is gone.
"""
