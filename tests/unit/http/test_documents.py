"""JSON that is sent."""

from wherry.http.documents import encode


def test_a_document() -> None:
    assert encode({"a": [1, "ä", None, True]}) == '{"a":[1,"ä",null,true]}'.encode()


def test_names_that_are_no_unicode() -> None:
    name = b"a\xff\xc3\xa4".decode("utf-8", "surrogateescape")
    assert encode({name: [name, (name,)], "n": 1}) == '{"a\ufffdä":["a\ufffdä",["a\ufffdä"]],"n":1}'.encode()
    assert encode(name) == '"a\ufffdä"'.encode()
