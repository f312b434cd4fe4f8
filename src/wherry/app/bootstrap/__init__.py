"""Base images out of a distribution's own packages, where no registry can be reached.

What comes out depends on the packages' versions alone: two machines with the same packages get the same image, because
the engine's builder makes it from the file tree (``ADD`` of an archive) with the packages' own time.
"""
