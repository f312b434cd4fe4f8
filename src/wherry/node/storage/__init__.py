"""Volumes on this node's own disk, made for claims and deleted with them: the provisioner ``wherry.dev/local-path``.

A claim whose class names the provisioner, and for whose pod this node was chosen, gets a directory below the instance's
``storage`` and a PersistentVolume that says so. A volume whose claim has gone goes with its directory, when its class
says Delete. The directory is made before the volume is told of, and removed before the volume is.
"""
