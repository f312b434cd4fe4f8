"""The node's resolv.conf."""

from pathlib import Path

from wherry.node.pods.options import Options
from wherry.node.pods.resolving import own_dns, resolver
from wherry.node.pods.runtime import Dns


def test_the_first_file_with_a_server_that_pods_can_reach(tmp_path: Path) -> None:
    stub, real = tmp_path / "stub", tmp_path / "real"
    stub.write_text("nameserver 127.0.0.53\nsearch stub.example\n")
    real.write_text("nameserver 127.0.0.1\nnameserver 192.0.2.1\nsearch real.example\n")
    assert own_dns((str(stub), str(real))) == Dns(("192.0.2.1",), ("real.example",))
    real.write_text("nameserver ::1\n")
    assert own_dns((str(stub), str(real))).servers == ("127.0.0.53",)
    assert own_dns((str(tmp_path / "none"),)) == Dns()
    assert own_dns(()) == Dns()


def test_the_clusters_is_what_the_options_say() -> None:
    found = resolver(Options("n", Path("/x"), cluster_dns=("10.96.0.10",), cluster_domain="example"))
    assert (found.servers, found.domain) == (("10.96.0.10",), "example")
