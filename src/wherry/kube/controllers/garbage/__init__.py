"""The garbage collector: what nobody owns any more goes, in the way that the client who deleted the owner asked for
(k8s.io/kubernetes pkg/controller/garbagecollector).

An object's **owners** are its ``metadata.ownerReferences``; it is their **dependent**. An owner is *absent* when there
is no object of that uid at the place where the reference says; it is *waiting* when it is being deleted in the
foreground; otherwise it is *solid*. A dependent without solid owners is deleted; one with some loses the other
references.

:mod:`.graph` knows who owns whom, from informers over everything that can be deleted (metadata only). It says what to
look at, never what to do: what the graph suspects is checked with the API before anything is deleted, so a cache that
is behind costs a look, not an object. :mod:`.plan` decides, purely; :mod:`.controller` fetches and acts.
"""
