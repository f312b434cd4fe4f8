import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery import selectors
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

LABELS = {"app": "web", "tier": "front", "size": "10"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("app", True),
        ("!app", False),
        ("!missing", True),
        ("app=web", True),
        ("app==web", True),
        ("app!=web", False),
        ("missing!=web", True),
        ("app in (db, web)", True),
        ("app in (db)", False),
        ("app notin (db)", True),
        ("missing notin (db)", True),
        ("missing in (db)", False),
        ("size>9", True),
        ("size<10", False),
        ("app>1", False),
        ("app=web,tier=back", False),
        ("app=web , tier = front,!x", True),
        ("app=", False),
        ("missing in (,a)", False),
    ],
)
def test_a_label_selector_matches_labels(text: str, matches: bool) -> None:
    assert selectors.parse_labels(text).matches(LABELS) is matches


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("a=!", "unable to parse requirement: found '!', expected: identifier"),
        ("=a", "found '=', expected: !, identifier, or 'end of string'"),
        ("a,,b", "found ',', expected: identifier after ','"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        (
            "a>x",
            'unable to parse requirement: values[0]: Invalid value: "x": '
            "for 'Gt', 'Lt' operators, the value must be an integer",
        ),
    ],
)
def test_what_is_no_label_selector_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(StatusError) as error:
        selectors.parse_labels(text)
    assert (error.value.code, error.value.message) == (400, complaint)


def test_keys_and_values_of_a_selector_are_checked() -> None:
    with pytest.raises(StatusError, match='<nil>: Invalid value: "-a": name part must consist'):
        selectors.parse_labels("-a=b")
    with pytest.raises(StatusError, match=r"values\[0\]\[a\]: Invalid value: \"-\": a valid label must be"):
        selectors.parse_labels("a=-")


def test_operators_can_be_values_and_keys() -> None:
    assert selectors.parse_labels("in=notin").matches({"in": "notin"})
    assert selectors.parse_labels("a in (in,notin)").matches({"a": "in"})


def test_a_selector_is_shown_in_a_form_that_can_be_read() -> None:
    text = "!d,a=b,c!=d,e in (x,y),f notin (z),g,h>3,i==j"
    selector = selectors.parse_labels(text)
    assert str(selector) == "a=b,c!=d,!d,e in (x,y),f notin (z),g,h>3,i==j"
    assert selectors.parse_labels(str(selector)) == selector


def test_which_value_a_selector_requires() -> None:
    selector = selectors.parse_labels("a=b,c in (d),e in (f,g),h!=i")
    assert [selector.requires(key) for key in "acehx"] == ["b", "d", None, None, None]


def test_a_selector_of_an_object() -> None:
    selector = selectors.of_object(
        {
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["front", "back"]},
                {"key": "old", "operator": "DoesNotExist"},
                {"key": "app", "operator": "Exists"},
                {"key": "size", "operator": "NotIn", "values": ["1"]},
            ],
        }
    )
    assert selector.matches(LABELS)
    assert not selector.matches({**LABELS, "old": ""})
    assert not selector.matches(None)


def test_no_selector_matches_nothing_and_an_empty_one_everything() -> None:
    assert not selectors.of_object(None).matches(LABELS)
    assert not selectors.of_object(None).is_everything
    assert selectors.of_object({}).matches(LABELS)
    assert selectors.of_object({}).is_everything
    assert selectors.of_labels({}).is_everything
    assert selectors.of_labels({"app": "web"}).matches(LABELS)


def test_unknown_operators_of_an_object_are_refused() -> None:
    with pytest.raises(StatusError, match='"Near" is not a valid label selector operator'):
        selectors.of_object({"matchExpressions": [{"key": "a", "operator": "Near"}]})
    with pytest.raises(StatusError, match="for 'in', 'notin' operators, values set can't be empty"):
        selectors.of_object({"matchExpressions": [{"key": "a", "operator": "In"}]})


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        (None, []),
        ({"matchLabels": {"a": "b"}}, []),
        (
            {"matchExpressions": [{"key": "a", "operator": "In"}]},
            ["s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"],
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]},
            [
                "s.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or "
                "'DoesNotExist'"
            ],
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "Near"}]},
            ['s.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator'],
        ),
    ],
)
def test_what_is_wrong_with_a_selector_in_an_object(selector: Object | None, said: list[str]) -> None:
    assert [str(each) for each in selectors.validate_label_selector(selector, Path("s"))] == said


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("status.phase=Running", True),
        ("status.phase==Running", True),
        ("status.phase!=Running", False),
        ("spec.nodeName=", True),
        ("spec.nodeName!=", False),
        ("status.phase=Running,metadata.name=b", False),
        (r"note=a\,b\=c\\d", True),
    ],
)
def test_a_field_selector_matches_fields(text: str, matches: bool) -> None:
    fields = {"status.phase": "Running", "metadata.name": "a", "note": "a,b=c\\d"}
    assert selectors.parse_fields(text).matches(fields) is matches


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a", "invalid selector: 'a'; can't understand 'a'"),
        ("a=b,c", "invalid selector: 'a=b,c'; can't understand 'c'"),
        ("a=b=c", "invalid field selector: unescaped character in value: ="),
        (r"a=b\c", r"invalid field selector: invalid escape sequence: \c"),
        ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
    ],
)
def test_what_is_no_field_selector_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(StatusError) as error:
        selectors.parse_fields(text)
    assert (error.value.code, error.value.message) == (400, complaint)


def test_what_a_field_selector_asks_for() -> None:
    selector = selectors.parse_fields("metadata.name=a,status.phase!=Failed")
    assert selector.names == ("metadata.name", "status.phase")
    assert selector.requires("metadata.name") == "a"
    assert selector.requires("status.phase") is None
    assert not selector.is_everything
    assert selectors.parse_fields("").is_everything


_words = st.from_regex(r"[a-z]([-a-z0-9]{0,6}[a-z0-9])?", fullmatch=True)
_requirements = st.one_of(
    _words,
    _words.map(lambda key: f"!{key}"),
    st.builds(lambda key, sign, value: f"{key}{sign}{value}", _words, st.sampled_from(["=", "==", "!="]), _words),
    st.builds(
        lambda key, word, values: f"{key} {word} ({','.join(values)})",
        _words, st.sampled_from(["in", "notin"]), st.lists(_words, min_size=1, max_size=3),
    ),
)  # fmt: skip


@given(st.lists(_requirements, max_size=4), st.dictionaries(_words, _words, max_size=4))
def test_reading_what_is_shown_changes_nothing(parts: list[str], labels: dict[str, str]) -> None:
    selector = selectors.parse_labels(",".join(parts))
    again = selectors.parse_labels(str(selector))
    assert again == selector
    assert again.matches(labels) == all(selectors.parse_labels(part).matches(labels) for part in parts)


@given(st.text(max_size=40))
def test_any_text_is_a_selector_or_refused(text: str) -> None:
    for parse in (selectors.parse_labels, selectors.parse_fields):
        try:
            parse(text)
        except StatusError as error:
            assert error.code == 400


@given(st.text(max_size=20))
def test_any_value_of_a_field_can_be_asked_for(value: str) -> None:
    term = selectors.FieldTerm("a.b", value)
    assert selectors.parse_fields(str(term)).terms == (term,)
