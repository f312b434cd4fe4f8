"""Brings claims and volumes together (k8s.io/kubernetes pkg/controller/volume/persistentvolume).

A claim is given the smallest volume that suits it, or waits until its provisioner has made one; a volume whose claim
has gone is released, and kept or left to its provisioner to delete. Two objects cannot be written as one: the volume is
written first, and whoever finds it so (we, after a crash, too) completes the claim. :mod:`.plan` decides, purely;
:mod:`.controller` acts.
"""
