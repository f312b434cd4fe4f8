"""Documents have an etag of what is in them."""

from wherry.kube.apiserver.documents import document, etag


def test_the_etag_is_of_the_body() -> None:
    one, other = document(b"a"), document(b"b", "text/plain")
    assert one.etag == etag(b"a") != other.etag
    assert one.etag.startswith('"') and one.etag.endswith('"')
    assert (one.content_type, other.content_type) == ("application/json", "text/plain")
    assert one.encoding == ""
