"""The three patches that change a document by a description of the change: JSON patch, merge patch, strategic merge.

All are pure functions of decoded JSON. None changes its arguments. A result shares what did not change with the
document, and shares nothing with the patch: whoever owns the document may work on the result in place and apply the
same patch again. All raise :class:`wherry.kube.machinery.status.StatusError`, in upstream's words, and never grow
without bound.
"""
