"""What an instance's settings say of all its containers."""

import msgspec

DEFAULT_FIRST = 100_000


class Rules(msgspec.Struct, frozen=True):
    """``first_id`` is the first host id for user namespaces and ``id_count`` how many there are; ``warm`` how many
    containers of either kind (on the bridge, without network) are made ahead; ``stop_seconds`` what a container gets to
    stop when neither it nor the request says."""

    first_id: int = DEFAULT_FIRST
    id_count: int = 65_536 * 4096
    warm: int = 1
    stop_seconds: int = 10
