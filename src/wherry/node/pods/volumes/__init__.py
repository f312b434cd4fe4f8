"""The volumes of pods: set up before their containers, kept up to date, torn down after them.

On disk, below the agent's directory::

    <uid>/volumes/<volume>/            an emptyDir; with medium Memory a tmpfs of its own is mounted there
    memory/<uid>/<volume>/             config maps, secrets, projections: one tmpfs for all of them
    messages/<uid>/<container>.<run>   last words of containers: one small tmpfs, so that they cannot fill a disk

What containers write into is nobody's to trust: nothing here follows a link in it, or goes by what it says.
Invariants: setting up is idempotent and disturbs nobody who uses the volume; what a pod leaves behind is removed by the
pod's uid alone.
"""
