from wherry.kube.apiserver.admission.podsecurity.finding import Finding, number, quoted, setters, these


def test_words_have_their_number() -> None:
    assert number("type", ["a"]) == "type" and number("type", []) == number("type", ["a", "b"]) == "types"
    assert these(["a"]) == 'container "a"' and these(["a", "b"], "volume") == 'volumes "a", "b"'
    assert quoted([]) == ""


def test_who_set_it_is_named() -> None:
    assert setters(True, []) == "pod" and setters(False, ["a"]) == 'container "a"'
    assert setters(True, ["a", "b"]) == 'pod and containers "a", "b"' and setters(False, []) == ""


def test_a_detail_stands_in_brackets() -> None:
    assert str(Finding("reason", "detail")) == "reason (detail)" and str(Finding("reason", "")) == "reason"
