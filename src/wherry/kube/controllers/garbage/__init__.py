"""The garbage collector: what nobody owns any more goes, in the way that the client who deleted the owner asked for
(k8s.io/kubernetes pkg/controller/garbagecollector).

An object's **owners** are its ``metadata.ownerReferences``; it is their **dependent**. An owner is *absent* when there
is no object of that uid at the place where the reference says; it is *waiting* when it is being deleted in the
foreground; otherwise it is *solid*. A dependent without solid owners is deleted; one with some loses the other
references.

:mod:`.graph` knows who owns whom. It hears of ties alone (:mod:`wherry.kube.machinery.bare`), and of ends: most objects
are nobody's and own nothing, and of those there is no word before they are deleted. So most owners it has never seen:
whoever is the first to name one is looked at, and the API is asked whether the owner is there. The graph says what to
look at, never what to do: what it suspects is checked with the API before anything is deleted, so a graph that is
behind costs a look, not an object.

:mod:`.monitors` tell the graph what happens to everything that can be deleted; :mod:`.plan` decides, purely;
:mod:`.controller` fetches and acts.
"""
