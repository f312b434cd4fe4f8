"""What is said of errors, to clients and in the log. (What a Status says: test_direct.py.)"""

import pytest

from wherry.kit.errors import Unavailable
from wherry.kube.apiserver.refusing import refusal

HELD = "/api/v1/namespaces/default/configmaps/held"


def test_a_fault_is_logged_with_where_it_was_and_a_store_that_does_not_answer_in_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for error, code in ((Unavailable("the disk is full"), 503), (KeyError("x"), 500)):
        assert refusal("PUT", f"{HELD}?dryRun=All", {}, error)[0] == code
    known, fault = caplog.records
    assert (known.getMessage(), known.exc_info) == (f"PUT {HELD}: the disk is full", None)
    assert fault.getMessage() == f"fault while answering PUT {HELD}" and fault.exc_info is not None
