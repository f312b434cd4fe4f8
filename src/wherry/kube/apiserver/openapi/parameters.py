"""The parameters of paths and queries (metav1.ListOptions, CreateOptions and others)."""

from typing import Literal

import msgspec


class Parameter(msgspec.Struct, frozen=True):
    """``is_list``: it may be said more than once."""

    name: str
    type: Literal["string", "integer", "boolean"]
    description: str
    place: Literal["query", "path"] = "query"
    is_list: bool = False


PRETTY = Parameter("pretty", "string", "Whether to write the answer for people to read: true or false.")
_ALL = (
    PRETTY,
    Parameter("name", "string", "The name of the object.", "path"),
    Parameter("namespace", "string", "The namespace of the objects.", "path"),
    Parameter("allowWatchBookmarks", "boolean", "Whether a watch may be told of resource versions between changes."),
    Parameter("continue", "string", "The token of the list before, to go on where it ended."),
    Parameter("fieldSelector", "string", "Only objects whose fields are so: metadata.name=a,status.phase!=Running."),
    Parameter("labelSelector", "string", "Only objects whose labels are so: app=web,tier in (a,b),!old."),
    Parameter("limit", "integer", "At most so many objects; the answer then has a token to go on with."),
    Parameter("resourceVersion", "string", "How new the answer must be, or where a watch begins."),
    Parameter("resourceVersionMatch", "string", "How resourceVersion is meant: NotOlderThan or Exact."),
    Parameter("sendInitialEvents", "boolean", "Whether a watch begins with the objects that there are."),
    Parameter("timeoutSeconds", "integer", "After so many seconds a list or watch ends."),
    Parameter("watch", "boolean", "Whether to go on with changes instead of an answer that ends."),
    Parameter("dryRun", "string", "All: do everything but change what is stored."),
    Parameter("fieldManager", "string", "Who makes the change, for managedFields: at most 128 printable characters."),
    Parameter("fieldValidation", "string", "What to do about unknown and duplicate fields: Ignore, Warn or Strict."),
    Parameter("force", "boolean", "Whether an apply takes fields over from other managers."),
    Parameter("gracePeriodSeconds", "integer", "So many seconds may pass before the object is gone; 0: none."),
    Parameter(
        "ignoreStoreReadErrorWithClusterBreakingPotential",
        "boolean",
        "Whether to delete an object that cannot be read any more.",
    ),
    Parameter("orphanDependents", "boolean", "Deprecated: use propagationPolicy."),
    Parameter("propagationPolicy", "string", "What happens to dependents: Orphan, Background or Foreground."),
    Parameter("container", "string", "Which container of the pod; needed when it has several."),
    Parameter("command", "string", "The command, a word each.", is_list=True),
    Parameter("stderr", "boolean", "Whether to redirect standard error."),
    Parameter("stdin", "boolean", "Whether to redirect standard input."),
    Parameter("stdout", "boolean", "Whether to redirect standard output."),
    Parameter("tty", "boolean", "Whether to allocate a terminal."),
    Parameter("ports", "integer", "The ports to forward.", is_list=True),
    Parameter("path", "string", "The path to pass the request to."),
    Parameter("follow", "boolean", "Whether to go on with what is written from now on."),
    Parameter("insecureSkipTLSVerifyBackend", "boolean", "Whether to trust any certificate of the node."),
    Parameter("limitBytes", "integer", "At most so many bytes."),
    Parameter("previous", "boolean", "Whether to show the container before the last restart."),
    Parameter("sinceSeconds", "integer", "Only what was written in the last so many seconds."),
    Parameter("stream", "string", "Which stream: All, Stdout or Stderr."),
    Parameter("tailLines", "integer", "Only the last so many lines."),
    Parameter("timestamps", "boolean", "Whether each line begins with its time."),
)
BY_NAME = {each.name: each for each in _ALL}
