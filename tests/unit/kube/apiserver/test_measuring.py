"""Figures of the server."""

from wherry.kube.apiserver.measuring import Measures
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.machinery.model import GroupResource


def test_requests_are_counted_by_what_is_served() -> None:
    measures = Measures()
    info = RequestInfo("get", "", "apps", "v1", "deployments", "a", "b")
    for seconds in (0.001, 0.03, 100.0):
        measures.count(info, 200, seconds)
    text = measures.text().decode()
    labels = 'verb="GET",group="apps",version="v1",resource="deployments",subresource=""'
    assert f'apiserver_request_total{{{labels},code="200"}} 3' in text
    assert f'apiserver_request_duration_seconds_bucket{{{labels},le="0.005"}} 1' in text
    assert f'apiserver_request_duration_seconds_bucket{{{labels},le="0.05"}} 2' in text
    assert f'apiserver_request_duration_seconds_bucket{{{labels},le="+Inf"}} 3' in text
    assert f"apiserver_request_duration_seconds_count{{{labels}}} 3" in text


def test_watches_are_counted_while_they_last() -> None:
    measures = Measures()
    with measures.watching(GroupResource("", "pods")):
        assert b'apiserver_registered_watchers{group="",resource="pods"} 1' in measures.text()
    assert b'apiserver_registered_watchers{group="",resource="pods"} 0' in measures.text()


def test_names_and_paths_of_clients_make_no_series() -> None:
    """K13: a hundred thousand odd requests leave a handful of lines."""
    measures = Measures()
    for number in range(100_000):
        measures.count(RequestInfo("get", f"/x/{number}", "", "v1", "pods", f"n{number}", f"p{number}"), 404, 0.1)
    assert len(measures.text().splitlines()) < 40


def test_what_is_served_no_longer_is_forgotten() -> None:
    """Custom kinds come and go."""
    measures = Measures()
    for group in ("a.com", "b.com"):
        measures.count(RequestInfo("get", "", group, "v1", "things", "x", "y"), 200, 0.1)
        with measures.watching(GroupResource(group, "things")):
            pass
    measures.keep(lambda group, version, resource: (group, version, resource) == ("b.com", "v1", "things"))
    text = measures.text()
    assert b"a.com" not in text and text.count(b'group="b.com",version="v1"') > 5
