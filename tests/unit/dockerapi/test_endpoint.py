"""Methods that answer paths are found by their marks."""

from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint, endpoints_of


class Things:
    """Answers three operations with two methods."""

    @endpoint("GET /things")
    @endpoint("HEAD /things")
    async def list(self, call: Call) -> web.StreamResponse:
        return call.json([])

    @endpoint("DELETE /things/{id}")
    async def remove(self, call: Call) -> web.StreamResponse:
        return call.done()

    async def unmarked(self, call: Call) -> web.StreamResponse:
        return call.done()


class MoreThings(Things):
    """Inherits them and adds one."""

    @endpoint("POST /things")
    async def create(self, call: Call) -> web.StreamResponse:
        return call.done(201)

    @property
    def broken(self) -> object:
        raise RuntimeError("looking for endpoints evaluates no property")


def test_a_method_answers_every_operation_it_is_marked_with() -> None:
    things = Things()
    found = {(method, template): answer for method, template, answer in endpoints_of(things)}
    assert found == {
        ("GET", "/things"): things.list,
        ("HEAD", "/things"): things.list,
        ("DELETE", "/things/{id}"): things.remove,
    }


def test_endpoints_are_inherited_and_bound_to_the_object() -> None:
    one, other = MoreThings(), MoreThings()
    found = [answer for _, _, answer in endpoints_of(one)]
    assert len(found) == 4
    assert one.create in found
    assert other.create not in found


def test_what_has_no_endpoints_answers_nothing() -> None:
    assert list(endpoints_of(object())) == []
