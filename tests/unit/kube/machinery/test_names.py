import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery import names

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
DNS1035 = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
NAME_PART = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


@pytest.mark.parametrize(
    ("check", "value", "complaints"),
    [
        (names.dns1123_label, "web-1", []),
        (names.dns1123_label, "Web", [LABEL]),
        (names.dns1123_label, "", [LABEL]),
        (names.dns1123_label, "a.b", ["must not contain dots"]),
        (names.dns1123_label, "a" * 64, ["must be no more than 63 bytes"]),
        (names.dns1123_label, "a\n", [LABEL]),
        (names.dns1123_subdomain, "a.b-c.d", []),
        (names.dns1123_subdomain, "a..b", [SUBDOMAIN]),
        (names.dns1123_subdomain, "é" * 127, ["must be no more than 253 bytes", SUBDOMAIN]),
        (names.dns1035_label, "abc-1", []),
        (names.dns1035_label, "1abc", [DNS1035]),
        (names.qualified_name, "app", []),
        (names.qualified_name, "example.com/App_1", []),
        (names.qualified_name, "", ["name part must be non-empty", NAME_PART]),
        (names.qualified_name, "/a", ["prefix part must be non-empty"]),
        (names.qualified_name, "A/a", [f"prefix part {SUBDOMAIN}"]),
        (names.qualified_name, "-a", [NAME_PART]),
        (names.qualified_name, "a" * 64, ["name part must be no more than 63 bytes"]),
        (names.label_value, "", []),
        (names.label_value, "-", [VALUE]),
        (names.label_value, "a" * 64, ["must be no more than 63 bytes"]),
        (names.path_segment, "system:node", []),
        (names.path_segment, "..", ["may not be '..'"]),
        (names.path_segment, "a/b%", ["may not contain '/'", "may not contain '%'"]),
        (names.port_name, "http-1", []),
        (names.port_name, "1", ["must contain at least one letter (a-z)"]),
        (names.port_name, "a--b", ["must not contain consecutive hyphens"]),
        (names.port_name, "-a", ["must not begin or end with a hyphen"]),
        (names.port_name, "a" * 16, ["must be no more than 15 bytes"]),
        (names.port_number, 0, ["must be between 1 and 65535, inclusive"]),
        (names.port_number, 65535, []),
        (names.user_id, -1, ["must be between 0 and 2147483647, inclusive"]),
        (names.config_key, "a_b.c-D", []),
        (names.config_key, "..", ["must not be '..'"]),
        (names.config_key, "..a", ["must not start with '..'"]),
        (names.environment_variable, "my var", []),
        (names.environment_variable, "", ["environment variable name must be non-empty"]),
    ],
)
def test_names_are_right_or_complained_about_in_upstreams_words(
    check: names.NameCheck, value: str, complaints: list[str]
) -> None:
    assert list(check(value)) == complaints


def test_names_with_too_many_slashes_are_told_what_a_label_key_is() -> None:
    (complaint,) = names.qualified_name("a/b/c")
    assert complaint.startswith("a valid label key must consist of alphanumeric characters")
    assert complaint.endswith(" with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (names.dns1123_subdomain_with_underscore, "_sip._tcp.a", "a__"),
        (names.wildcard_dns1123_subdomain, "*.example.com", "*.*.com"),
        (names.percent, "25%", "25"),
        (names.http_header, "X-Header", "X Header"),
        (names.c_identifier, "_a1", "1a"),
        (names.condition_reason, "KubeletReady", "not ready"),
        (names.environment_variable, "A.B", "A=B"),
        (names.config_key, "key", "a b"),
        (names.http_path, "a/b", "a b"),
    ],
)
def test_other_shapes(check: names.NameCheck, good: str, bad: str) -> None:
    assert list(check(good)) == []
    assert len(check(bad)) == 1


@given(st.text(max_size=300))
def test_every_check_answers_any_text(text: str) -> None:
    for check in (
        names.dns1123_label,
        names.dns1123_subdomain,
        names.qualified_name,
        names.label_value,
        names.config_key,
    ):
        assert all(isinstance(each, str) for each in check(text))


@given(st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True))
def test_a_label_is_a_subdomain_and_a_label_value(text: str) -> None:
    assert names.dns1123_label(text) == []
    assert names.dns1123_subdomain(text) == []
    assert names.label_value(text) == []
