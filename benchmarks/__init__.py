"""How fast containers start and what they cost, measured beside peers in one run: what counts are the ratios.

Run by ``./bench``, which sets up what is compared with. Each comparison runs ours and its peer in turn, so that
whatever else the machine does meets both. It is not a test: a goal that is missed is said, and fails nothing.

Of Wherry only the client, the names of an instance and the command are used, as any user could. (The package has
another name than the script because one directory cannot hold both.)

=================  =====================================================================================================
:mod:`.measure`    take turns, keep times
:mod:`.report`     goals; the table and the JSON document
:mod:`.instance`   an instance of Wherry of our own
:mod:`.rootfs`     the root file system that all run
:mod:`.floor`      a bare container start, the least that the kernel takes: a process of its own
:mod:`.runc`       the same by ``runc run``
:mod:`.dockerd`    Debian's dockerd, in namespaces of its own
:mod:`.starts`     measurements of starts
:mod:`.footprint`  measurements of memory, and of the start of the engine
:mod:`.bigimage`   an image of 500 MB
:mod:`.registries` measurements of our registry as a server
=================  =====================================================================================================
"""
