from wherry.node.dns import records
from wherry.node.dns.names import name
from wherry.node.dns.records import Type

A, B = name("a.b"), name("c.d")


def test_records_hold_what_the_rfcs_say() -> None:
    assert records.address(A, "10.0.0.1", 5) == (A, Type.A, 5, b"\x0a\0\0\1")
    assert records.address(A, "::1", 5) == (A, Type.AAAA, 5, bytes(15) + b"\1")
    assert records.alias(A, B, 5) == (A, Type.CNAME, 5, b"\1c\1d\0")
    assert records.pointer(A, B, 5) == (A, Type.PTR, 5, b"\1c\1d\0")
    assert records.server(A, B, 5) == (A, Type.NS, 5, b"\1c\1d\0")
    assert records.service(A, 80, B, 5) == (A, Type.SRV, 5, b"\0\0\0\x64\0\x50\1c\1d\0")
    assert records.text(A, b"1.1.0", 5) == (A, Type.TXT, 5, b"\x051.1.0")
    soa = records.authority(A, B, B, 5)
    assert soa.data.startswith(b"\1c\1d\0\1c\1d\0")
    assert soa.data[-4:] == b"\0\0\0\5"
