"""Volumes of pods: which nodes they can be had on (VolumeRestrictions, NodeVolumeLimits, VolumeBinding, VolumeZone of
upstream's scheduler), and which claim gets which volume.

Whoever provisions and binds is elsewhere: a claim that waits for its first consumer is given its node by an annotation,
or a volume is given its claim by a reference, and then the pod waits until the claim is bound.
"""
