"""Go templates as syntax trees (what they show: test_template)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.app.cli.template_syntax import (
    Block,
    Call,
    Field,
    Literal,
    Pipeline,
    Show,
    TemplateError,
    Text,
    parse,
)


def shown(*commands: object) -> Show:
    return Show(Pipeline(commands))  # type: ignore[arg-type]


DOT_ID = Call(Field(("Id",)), ())


@pytest.mark.parametrize(
    ("source", "nodes"),
    [
        ("", ()),
        ("plain { text }", (Text("plain { text }"),)),
        ("{{.Id}}", (shown(DOT_ID),)),
        ("{{.}}", (shown(Call(Field(()), ())),)),
        ("{{ .A.B_2 }}", (shown(Call(Field(("A", "B_2")), ())),)),
        ("{{$}}{{$x.Y}}", (shown(Call(Field((), "$"), ())), shown(Call(Field(("Y",), "$x"), ())))),
        ("{{json .Id}}", (shown(Call("json", (Field(("Id",)),))),)),
        ('{{.Label "a"}}', (shown(Call(Field(("Label",)), (Literal("a"),))),)),
        ("{{.Id | upper}}", (shown(DOT_ID, Call("upper", ())),)),
        ("{{$x := .Id}}", (Show(Pipeline((DOT_ID,), ("$x",))),)),
        ("{{/* a comment */}}", ()),
        ("a {{- .Id -}} b", (Text("a"), shown(DOT_ID), Text("b"))),
        (
            "{{eq 1 -2.5 true nil}}",
            (shown(Call("eq", (Literal(1), Literal(-2.5), Literal(True), Literal(None)))),),
        ),
        (
            "{{if .Id}}a{{else}}b{{end}}",
            (Block("if", Pipeline((DOT_ID,)), (Text("a"),), (Text("b"),)),),
        ),
        (
            "{{range $k, $v := .Id}}{{end}}",
            (Block("range", Pipeline((DOT_ID,), ("$k", "$v")), (), ()),),
        ),
    ],
)
def test_a_template_is_read(source: str, nodes: tuple[object, ...]) -> None:
    assert parse(source) == nodes


@pytest.mark.parametrize(
    ("written", "value"), [(r'"a\"b\n\t\\"', 'a"b\n\t\\'), (r"`raw \n`", r"raw \n"), (r'"\q"', "q"), ('""', "")]
)
def test_texts_are_quoted_in_two_ways(written: str, value: str) -> None:
    (node,) = parse("{{print " + written + "}}")
    assert node == shown(Call("print", (Literal(value),)))


def test_else_if_is_a_block_inside() -> None:
    (node,) = parse("{{if .A}}1{{else if .B}}2{{else}}3{{end}}")
    assert isinstance(node, Block)
    (inner,) = node.otherwise
    assert isinstance(inner, Block)
    assert (node.body, inner.body, inner.otherwise) == ((Text("1"),), (Text("2"),), (Text("3"),))


def test_blocks_lie_in_blocks() -> None:
    (outer,) = parse("{{range .A}}{{with .B}}{{.}}{{end}};{{end}}")
    assert isinstance(outer, Block)
    inner, text = outer.body
    assert isinstance(inner, Block)
    assert (inner.kind, text) == ("with", Text(";"))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{.Id", "unclosed action: {{.Id"),
        ("{{}}", "missing value for command"),
        ("{{.Id |}}", "missing value for command"),
        ("{{end}}", "unexpected {{end}}"),
        ("{{else}}", "unexpected {{else}}"),
        ("{{if .A}}x", "{{if}} without {{end}}"),
        ("{{range .A}}x{{else}}y", "{{range}} without {{end}}"),
        ("{{(.A}}", "unclosed left paren"),
        ("{{.A)}}", "unexpected ')'"),
        ('{{"x}}', "unexpected"),
        ("{{.A & .B}}", "unexpected"),
        ('{{define "x"}}', "{{define}} is not supported"),
        ('{{block "x" .}}', "{{block}} is not supported"),
        ("{{break}}", "{{break}} is not supported"),
    ],
)
def test_what_is_no_template_is_refused_with_the_place(source: str, message: str) -> None:
    with pytest.raises(TemplateError) as refusal:
        parse(source)
    assert message in str(refusal.value)


PIECES = [
    "{{",
    "}}",
    "{{.A}}",
    "{{end}}",
    "{{else}}",
    "{{if",
    "{{range",
    "(",
    ")",
    "|",
    ",",
    ":=",
    "$x",
    ".A",
    '"',
    "`",
]
pieces = st.sampled_from([*PIECES, "1", "json", "text", "{{/*", "*/}}", " ", "{{- ", " -}}"])


@given(st.lists(pieces, max_size=12).map("".join) | st.text(max_size=15))
def test_any_text_is_a_template_or_refused(source: str) -> None:
    try:
        parse(source)
    except TemplateError:
        pass


@given(st.text(st.characters(exclude_characters="{"), max_size=20))
def test_text_without_actions_is_itself(text: str) -> None:
    assert parse(text) == ((Text(text),) if text else ())
