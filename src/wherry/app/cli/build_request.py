"""From the flags of ``build`` to the request that the daemon takes (:mod:`wherry.dockerapi.buildrequest`)."""

import base64
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from wherry.app.cli.parse import limits
from wherry.app.cli.parse.units import bytes_of

_CHUNK_BYTES = 1 << 20
_SECRET_LIMIT_BYTES = 500 << 10  # BuildKit's own (session/secrets/secretsprovider)


@dataclass(frozen=True, slots=True)
class Upload:
    """What is sent: the request, and behind it the context's archive, if it is not a directory of this machine."""

    request: dict[str, Any]
    archive: BinaryIO | None = None
    begun: bytes = b""

    def pieces(self, line: bytes) -> Iterator[bytes]:
        """The body; ``line`` is the request as JSON on one line."""
        yield line + b"\n"
        if self.begun:
            yield self.begun
        while self.archive is not None and (piece := self.archive.read(_CHUNK_BYTES)):
            yield piece


@dataclass(frozen=True, slots=True)
class Files:
    """Where the Dockerfile and the context come from: ``file`` as of ``-f``, ``context`` as of the argument.

    ``inline``: the Dockerfile's text, out of a bake file.
    """

    context: str
    file: str = ""
    inline: str | None = None
    stdin: BinaryIO | None = field(default=None, repr=False)


def upload_of(flags: Mapping[str, Any], files: Files) -> Upload:
    """The request of a build. Raises ValueError for flags that make no sense, OSError for files."""
    request = {
        "tags": list(flags["tag"]),
        "build_args": build_arguments(flags["build_arg"], os.environ),
        "labels": dict(_pair(text, "label") for text in flags["label"]),
        "target": flags["target"] or "",
        "platform": flags["platform"] or "",
        "network": flags["network"] or "default",
        "extra_hosts": [host.replace("=", ":", 1) for host in flags["add_host"]],
        "pull": flags["pull"],
        "no_cache": flags["no_cache"],
        "no_cache_filter": [name for text in flags["no_cache_filter"] for name in text.split(",")],
        "contexts": dict(named_context(text) for text in flags["build_context"]),
        "secrets": dict(secret(text, os.environ) for text in flags["secret"]),
        "ssh": dict(agent(text, os.environ) for text in flags["ssh"]),
        "allow": [name for text in flags["allow"] for name in text.split(",")],
        "limits": _limits(flags),
        "reproducible": flags["reproducible"],
        "squash": flags["squash"],
        "cache_from": [cache_source(text) for text in flags["cache_from"]],
        "cache_to": [place for text in flags["cache_to"] if (place := cache_target(text)) is not None],
        "inline_cache": _says_cache(flags),
    }
    return _with_files(request, files)


def _with_files(request: dict[str, Any], files: Files) -> Upload:
    if files.file == "-" and files.context == "-":
        raise ValueError("invalid argument: can't use stdin for both build context and dockerfile")
    if files.context == "-":
        return _from_stdin(request, files)
    if _is_address(files.context):
        return _from_address(request, files)
    context = Path(files.context).absolute()
    if not context.is_dir():
        raise ValueError(f'unable to prepare context: path "{files.context}" not found')
    request["context"] = str(context)
    if files.inline is not None:
        request["dockerfile"] = files.inline
    elif files.file == "-":
        assert files.stdin is not None
        request["dockerfile"] = files.stdin.read().decode("utf-8", "replace")
    elif files.file:
        request |= _named_dockerfile(Path(files.file))
    return Upload(request)


def _is_address(context: str) -> bool:
    """What Docker's client takes for a repository or a file of the web; a directory of that name goes before."""
    if "://" in context or re.match(r"[\w.-]+@[\w.-]+:", context):
        return True
    return context.startswith("github.com/") and not Path(context).exists()


def _from_address(request: dict[str, Any], files: Files) -> Upload:
    """The engine fetches it; the Dockerfile is one of its files, unless its text comes from here."""
    request["context"] = files.context
    if files.inline is not None:
        request["dockerfile"] = files.inline
    elif files.file == "-":
        assert files.stdin is not None
        request["dockerfile"] = files.stdin.read().decode("utf-8", "replace")
    elif files.file:
        request["dockerfile_name"] = files.file
    return Upload(request)


def _named_dockerfile(path: Path) -> dict[str, Any]:
    """A Dockerfile anywhere, with the .dockerignore beside it that bears its name."""
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ValueError(f"failed to read dockerfile: open {path}: {reason}") from error
    ignore = path.with_name(f"{path.name}.dockerignore")
    found = {"dockerfile": text, "dockerfile_name": path.name}
    return {**found, "ignore": ignore.read_text(errors="replace")} if ignore.is_file() else found


def _from_stdin(request: dict[str, Any], files: Files) -> Upload:
    """Standard input is an archive of the context, or a Dockerfile alone."""
    assert files.stdin is not None
    begun = files.stdin.read(512)
    while len(begun) < 512 and (more := files.stdin.read(512 - len(begun))):
        begun += more
    if _is_archive(begun):
        if files.file:
            request["dockerfile_name"] = files.file
        return Upload(request, files.stdin, begun)
    text = begun + files.stdin.read()
    request |= {"dockerfile": text.decode("utf-8", "replace"), "has_context": False}
    return Upload(request)


def _is_archive(begun: bytes) -> bool:
    compressed = begun.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"))
    return compressed or begun[257:262] == b"ustar"


def build_arguments(given: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """``NAME=value``; ``NAME`` alone takes the value it has here, and is left out when it has none."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name:
            raise ValueError(f"invalid build argument: {text!r}")
        if equals:
            found[name] = value
        elif name in environment:
            found[name] = environment[name]
    return found


def _pair(text: str, what: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not name:
        raise ValueError(f"invalid {what}: {text!r}")
    return name, value


def named_context(text: str) -> tuple[str, str]:
    """``name=directory``, ``name=docker-image://…``, ``name=ADDRESS``."""
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise ValueError(f"invalid context value: {text}, expected key=value")
    return name.lower(), value if _is_address(value) else str(Path(value).absolute())


def cache_source(text: str) -> dict[str, Any]:
    """``--cache-from``: an image or ``type=registry,ref=REFERENCE`` (a cache, or an image that says which steps made
    its layers), or ``type=local,src=DIRECTORY``."""
    if "=" not in text:
        return {"kind": "registry", "where": text}
    fields = _fields(text, "cache import", {"type", "ref", "src"})
    return _cache_place(text, "cache import", fields, "src")


def cache_target(text: str) -> dict[str, Any] | None:
    """``--cache-to``: ``type=registry,ref=REFERENCE`` or ``type=local,dest=DIRECTORY``, each with ``mode=min|max``.

    None for ``type=inline``: the image itself says which steps made its layers.
    """
    fields = _fields(f"type=registry,ref={text}" if "=" not in text else text, "cache export", _EXPORT_FIELDS)
    if fields.get("type") == "inline":
        return None
    mode = fields.get("mode", "min")
    if mode not in ("min", "max"):
        raise ValueError(f"cache export {text}: mode is min or max, not {mode}")
    return {**_cache_place(text, "cache export", fields, "dest"), "is_whole": mode == "max"}


_EXPORT_FIELDS = {"type", "mode", "ref", "dest", "image-manifest", "oci-mediatypes"}
"""The last two say how BuildKit's cache is written; ours is an OCI image manifest always."""


def _cache_place(text: str, what: str, fields: Mapping[str, str], directory: str) -> dict[str, Any]:
    match fields.get("type"):
        case "registry":
            if not fields.get("ref"):
                raise ValueError(f"{what} {text}: type=registry needs ref=REFERENCE")
            return {"kind": "registry", "where": fields["ref"]}
        case "local":
            if not fields.get(directory):
                raise ValueError(f"{what} {text}: type=local needs {directory}=DIRECTORY")
            return {"kind": "local", "where": str(Path(fields[directory]).absolute())}
        case other:
            kinds = "registry and local" if directory == "src" else "registry, local and inline"
            raise ValueError(f"{what} {text}: type={other or ''} is not available; {kinds} are")


def _says_cache(flags: Mapping[str, Any]) -> bool:
    inline = any(cache_target(text) is None for text in flags["cache_to"])
    return inline or "BUILDKIT_INLINE_CACHE=1" in flags["build_arg"]


def secret(text: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """``id=NAME[,src=FILE|,env=VARIABLE][,type=file|env]`` as its id and its content in base64."""
    fields = _fields(text, "secret", {"id", "src", "source", "env", "type"})
    kind = fields.get("type", "")
    if kind not in ("", "file", "env"):
        raise ValueError(f"unsupported secret type {kind!r}")
    name = fields.get("id", "")
    if not name:
        raise ValueError("secret missing required field: id")
    source = fields.get("src") or fields.get("source")
    variable = fields.get("env")
    if kind == "env" and variable is None:
        variable, source = source or name, None
    if variable is not None or (source is None and not kind and name in environment):
        content = os.fsencode(environment.get(variable or name, ""))
    else:
        content = _secret_file(Path(source or name))
    return name, base64.b64encode(content).decode()


def _secret_file(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"failed to stat {path}: {(error.strerror or str(error)).lower()}") from error
    if len(content) > _SECRET_LIMIT_BYTES:
        raise ValueError(f"secret {path} has {len(content)} bytes; at most {_SECRET_LIMIT_BYTES} are allowed")
    return content


def agent(text: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """``default`` or ``id=SOCKET``: an ssh agent's id and its socket."""
    name, equals, path = text.partition("=")
    path = path if equals else environment.get("SSH_AUTH_SOCK", "")
    if not path:
        raise ValueError("invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set")
    if not Path(path).is_socket():
        raise ValueError(f"ssh {name}: {path} is no socket of an agent; keys as files are not available")
    return name, str(Path(path).absolute())


def _fields(text: str, what: str, known: set[str]) -> dict[str, str]:
    import csv

    found: dict[str, str] = {}
    for item in next(csv.reader([text]), []):
        key, equals, value = item.partition("=")
        if not equals:
            raise ValueError(f"invalid field {item!r} must be a key=value pair")
        if key.lower() not in known:
            raise ValueError(f"unexpected key {key!r} in {what} {text!r}")
        found[key.lower()] = value
    return found


def _limits(flags: Mapping[str, Any]) -> dict[str, Any]:
    ulimits = [limits.ulimit(text) for text in flags["ulimit"]]
    return {
        "memory_bytes": bytes_of(flags["memory"]) if flags["memory"] else 0,
        "shm_bytes": bytes_of(flags["shm_size"]) if flags["shm_size"] else 0,
        "ulimits": [[one["Name"], one["Soft"], one["Hard"]] for one in ulimits],
    }
