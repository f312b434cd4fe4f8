"""The client against a socket on which the test plays the daemon."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wherry.app.client import ApiError, Client, Unreachable, encode_query

Play = Callable[[bytes], "Client"]


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[tuple[Play, list[bytes]]]:
    """A function that makes a client whose daemon answers with these bytes; and what was asked."""
    listener = socket.socket(socket.AF_UNIX)
    path = tmp_path / "s"
    listener.bind(str(path))
    listener.listen()
    asked: list[bytes] = []
    threads: list[threading.Thread] = []

    def play(answer: bytes) -> Client:
        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(65536))
                for index in range(0, len(answer), 7):  # in small pieces, as a network may
                    connection.sendall(answer[index : index + 7])

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return Client(str(path))

    yield play, asked
    for thread in threads:
        thread.join(60)
    listener.close()


def test_json_of_a_given_length(answering: tuple[Play, list[bytes]]) -> None:
    play, asked = answering
    client = play(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"a": 1}\n')
    assert client.get("/info", {"all": True, "none": None}) == {"a": 1}
    assert asked[0].startswith(b"GET /v1.51/info?all=1 HTTP/1.1\r\n")


def test_chunked_answers(answering: tuple[Play, list[bytes]]) -> None:
    play, _ = answering
    client = play(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n3;x=y\r\n 1}\r\n0\r\n\r\n')
    assert client.post("/x") == {"a": 1}


def test_a_stream_of_json(answering: tuple[Play, list[bytes]]) -> None:
    play, _ = answering
    client = play(b'HTTP/1.1 200 OK\r\n\r\n{"a":1}\n\n{"b":2}\n{"c":3}')
    with client.request("GET", "/events") as response:
        assert list(response.json_stream()) == [{"a": 1}, {"b": 2}, {"c": 3}]


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body(answering: tuple[Play, list[bytes]], status: int) -> None:
    play, _ = answering
    assert play(f"HTTP/1.1 {status} X\r\n\r\n".encode()).post("/containers/x/start") is None


@pytest.mark.parametrize(
    ("body", "message"),
    [(b'{"message": "No such container: x"}', "No such container: x"), (b"oh", "oh"), (b"", "status 404")],
)
def test_refusals_carry_status_and_message(answering: tuple[Play, list[bytes]], body: bytes, message: str) -> None:
    play, _ = answering
    client = play(b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    with pytest.raises(ApiError) as caught:
        client.get("/containers/x/json")
    assert (caught.value.status, caught.value.message) == (404, message)


def test_an_answer_that_breaks_off_is_an_error(answering: tuple[Play, list[bytes]]) -> None:
    play, _ = answering
    with pytest.raises(ConnectionError):
        play(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{").get("/info")


def test_no_answer_is_an_error(answering: tuple[Play, list[bytes]]) -> None:
    play, _ = answering
    with pytest.raises(ConnectionError):
        play(b"").get("/info")


def test_a_taken_over_connection_keeps_its_first_bytes(answering: tuple[Play, list[bytes]]) -> None:
    play, asked = answering
    client = play(b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nhello")
    response = client.hijack("/containers/x/attach", {"stream": True})
    received = response.take_early()
    while len(received) < 5:
        received += response.connection.recv(100)
    assert received == b"hello"
    assert b"Upgrade: tcp\r\n" in asked[0]
    response.connection.close()


def test_an_upload_is_sent_in_chunks(answering: tuple[Play, list[bytes]]) -> None:
    play, asked = answering
    client = play(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    with client.upload("/images/load", None, [b"abc", b"", b"de"]) as response:
        assert response.read() == b""
    assert b"Transfer-Encoding: chunked" in asked[0]


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"Cannot connect .* Is `wherry up` running\?"):
        Client(str(tmp_path / "none")).get("/info")


def test_somebody_who_is_not_for_everybody(tmp_path: Path) -> None:
    text = str(Unreachable(f"{tmp_path}/docker.sock", "permission denied"))
    assert text.endswith("(permission denied). Are you root?")


def test_queries() -> None:
    assert encode_query(None) == ""
    assert encode_query({"a": None, "b": False, "c": 1}) == "?b=0&c=1"
    assert encode_query({"names": ["x y", "z"], "filters": {"a": {"b": True}}}) == (
        "?names=x+y&names=z&filters=%7B%22a%22%3A+%7B%22b%22%3A+true%7D%7D"
    )


def test_heads_are_their_headers(answering: tuple[Play, list[bytes]]) -> None:
    play, asked = answering
    headers = play(b"HTTP/1.1 200 OK\r\nX-Fact: 7\r\nContent-Length: 1000\r\n\r\n").head("/x", {"path": "/a b"})
    assert headers["x-fact"] == "7"
    assert asked[0].startswith(b"HEAD /v1.51/x?path=%2Fa+b HTTP/1.1\r\n")


def test_a_head_that_is_refused_has_no_message(answering: tuple[Play, list[bytes]]) -> None:
    play, _ = answering
    with pytest.raises(ApiError, match="status 404") as caught:
        play(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n").head("/x")
    assert caught.value.status == 404


def test_what_is_made_on_the_way_is_put_in_chunks(answering: tuple[Play, list[bytes]]) -> None:
    play, asked = answering
    client = play(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    client.put("/x/archive", {"path": "/"}, lambda send: send(b"abc")).read()
    assert asked[0].startswith(b"PUT /v1.51/x/archive?path=%2F HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        (b"/containers/a b/json", b"/containers/a%20b/json"),
        (b"/containers/x?force=1", b"/containers/x%3Fforce%3D1"),
        (b"/containers/%41", b"/containers/%2541"),
        ("/containers/ü".encode(), b"/containers/%C3%BC"),
        (b"/images/host:5000/me/demo@sha256:1/json", b"/images/host:5000/me/demo@sha256:1/json"),
    ],
)
def test_a_name_in_a_path_stays_a_name(answering: tuple[Play, list[bytes]], path: bytes, target: bytes) -> None:
    play, asked = answering
    play(b"HTTP/1.1 204 No Content\r\n\r\n").post(path.decode(), {"a": "b c"})
    assert asked[0].split(b"\r\n")[0] == b"POST /v1.51" + target + b"?a=b+c HTTP/1.1"
