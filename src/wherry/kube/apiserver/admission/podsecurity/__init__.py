"""PodSecurity: the Pod Security Standards, by the labels of namespaces (k8s.io/pod-security-admission).

A **level** is privileged (anything goes), baseline (no known way out of a container) or restricted (hardened). A
**mode** is enforce (refuse the pod), audit (note it) or warn (tell the client), each with a level and the **version**
of Kubernetes whose rules of that level are meant. A **check** is one rule of a level, and has versions itself.

All checks look at every container through :mod:`wherry.kube.apiserver.admission.podspec`.
"""
