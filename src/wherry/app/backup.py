"""The cluster's state and keys in one archive (tar): ``state.sqlite`` and ``pki/…``.

The state is copied as of one moment, also under load; keys do not change while it is. A file appears when it is whole.
A state that is kept in etcd is etcd's to copy: a copy of ours could not be put back into it as one moment.
"""

import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from wherry.app.names import ELSEWHERE, KEYS, STATE
from wherry.kit.errors import AlreadyExists, Invalid, NotFound, Unsupported


def backup(cluster: Path, target: Path) -> int:
    """Returns the revision. Raises NotFound, AlreadyExists, Unavailable (no space), Invalid (a damaged state),
    Unsupported for a state in etcd, with what to do instead."""
    from wherry.store.sqlite.backup import backup as copy

    if target.exists():
        raise AlreadyExists(f"there is {target} already")
    if (cluster / ELSEWHERE).exists():
        raise Unsupported(_in_etcd((cluster / ELSEWHERE).read_text(), cluster / KEYS))
    if not (cluster / STATE).exists():
        raise NotFound(f"there is no cluster's state in {cluster}: nothing to save")
    with tempfile.TemporaryDirectory(prefix=".wherry-backup-", dir=target.absolute().parent) as scratch:
        state = Path(scratch, STATE)
        revision = copy(cluster / STATE, state)
        partial = Path(scratch, "backup.tar")
        with tarfile.open(partial, "w") as archive:
            archive.add(state, STATE)
            archive.add(cluster / KEYS, KEYS)
        partial.chmod(0o600)
        _sync(partial)
        os.link(partial, target)
    return revision


def _in_etcd(address: str, keys: Path) -> str:
    from wherry.store.etcd.address import parse

    etcd = parse(address)
    endpoint = f"--endpoints=https://{etcd.endpoints[0]}"  # a snapshot is taken of one member
    files = f"--cacert={etcd.ca} --cert={etcd.cert} --key={etcd.key}"
    return (
        f"the cluster's state is in etcd, which makes copies itself:\n  ETCDCTL_API=3 etcdctl {endpoint} {files} "
        f"snapshot save FILE\nKeep {keys} with it: these are the cluster's keys"
    )


def restore(source: Path, cluster: Path) -> int:
    """Make ``cluster`` out of an archive; returns its first revision. Raises AlreadyExists when there is one already,
    Invalid for a file that is no backup."""
    from wherry.store.sqlite.backup import restore as copy

    if cluster.exists() and any(cluster.iterdir()):
        raise AlreadyExists(f"there is a cluster in {cluster}; move it away, to restore another to its place")
    with tempfile.TemporaryDirectory(prefix=".wherry-restore-", dir=cluster.parent) as scratch:
        unpacked, made = Path(scratch, "archive"), Path(scratch, "cluster")
        _unpack(source, unpacked)
        made.mkdir(mode=0o700)
        revision = copy(unpacked / STATE, made / STATE)
        shutil.move(unpacked / KEYS, made / KEYS)
        if cluster.exists():
            cluster.rmdir()
        made.rename(cluster)
    return revision


def _unpack(source: Path, directory: Path) -> None:
    """Only files with names of a backup's, whatever else the archive has (it is not unpacked by tarfile)."""
    directory.mkdir(mode=0o700)
    found = set()
    try:
        with tarfile.open(source, "r:") as archive:
            for member in archive:
                parts = Path(member.name).parts
                if not member.isfile() or ".." in parts or parts[:1] not in ((STATE,), (KEYS,)):
                    continue
                target = directory.joinpath(*parts)
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                content = archive.extractfile(member)
                assert content is not None
                with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    shutil.copyfileobj(content, file)
                found.add(parts[0])
    except tarfile.TarError as error:
        raise Invalid(f"{source} is no backup of a cluster: {error}") from error
    if found != {STATE, KEYS}:
        raise Invalid(f"{source} is no backup of a cluster: it must hold {STATE} and {KEYS}/")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
