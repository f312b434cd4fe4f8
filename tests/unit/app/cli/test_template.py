"""Go templates: what people write after --format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.app.cli.template import render
from wherry.app.cli.template_syntax import TemplateError

DATA = {
    "Id": "abc",
    "Name": "/web",
    "State": {"Running": True, "ExitCode": 0, "Error": None},
    "Config": {"Env": ["A=1", "B=2"], "Labels": {"b": "2", "a.b": "1"}, "Cmd": []},
    "Ports": {"80/tcp": [{"HostPort": "8080"}], "81/tcp": None},
    "Label": lambda name: f"<{name}>",
}


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("plain", "plain"),
        ("{{.Id}}", "abc"),
        ("{{ .State.Running }} {{.State.ExitCode}}", "true 0"),
        ("{{.ID}}", "abc"),
        ("{{.State.Error}}", "<no value>"),
        ("{{.Config.Env}}", "[A=1 B=2]"),
        ("{{.State}}", "map[Error:<no value> ExitCode:0 Running:true]"),
        ("{{json .Config.Env}}", '["A=1","B=2"]'),
        ("{{json .State}}", '{"Running":true,"ExitCode":0,"Error":null}'),
        ("{{range .Config.Env}}<{{.}}>{{end}}", "<A=1><B=2>"),
        ("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "a.b=1;b=2;"),
        ("{{range $i, $e := .Config.Env}}{{if $i}},{{end}}{{$e}}{{end}}", "A=1,B=2"),
        ("{{range .Config.Cmd}}x{{else}}none{{end}}", "none"),
        ("{{range .State.Error}}x{{end}}", ""),
        ("{{if .State.Running}}up{{else}}down{{end}}", "up"),
        ("{{if .State.ExitCode}}a{{else if .State.Running}}b{{else}}c{{end}}", "b"),
        ("{{if and .State.Running (eq .State.ExitCode 0)}}good{{end}}", "good"),
        ("{{if not .State.Running}}x{{end}}{{if or .State.Error .Id}}y{{end}}", "y"),
        ("{{with .Config.Labels}}{{.b}}{{end}}", "2"),
        ('{{index .Config.Labels "a.b"}}', "1"),
        ('{{(index (index .Ports "80/tcp") 0).HostPort}}', "(fault)"),
        ('{{with (index (index .Ports "80/tcp") 0)}}{{.HostPort}}{{end}}', "8080"),
        ("{{len .Config.Env}}", "2"),
        ('{{join .Config.Env ","}}', "A=1,B=2"),
        ('{{.Id | upper | printf "%s-%s" .Name}}', "/web-ABC"),
        ('{{printf "%d %v %q" .State.ExitCode .State.Running .Id}}', '0 true "abc"'),
        (
            "{{lower .Name}} {{title .Id}} {{truncate .Id 2}} {{slice .Name 1}} {{pad .Id 1 2}}|",
            "/web Abc ab web  abc  |",
        ),
        ('{{range split "a,b" ","}}{{.}};{{end}}', "a;b;"),
        ('{{println "x"}}', "x\n"),
        ("a {{- /* no */ -}} b", "ab"),
        ("a {{/* kept */}} b", "a  b"),
        ("x \n{{- .Id -}}\n y", "xabcy"),
        ("{{$x := .Id}}{{$x}}{{$.Name}}", "abc/web"),
        ('{{.Label "k"}}', "<k>"),
        (
            '{{eq .Id "x" "abc"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 1 2}}',
            "true true true true false false",
        ),
        ('{{"quoted \\"text\\""}} {{`raw\\n`}} {{true}} {{1.5}}', 'quoted "text" raw\\n true 1.5'),
    ],
)
def test_templates(template: str, shown: str) -> None:
    if shown == "(fault)":
        with pytest.raises(TemplateError):
            render(template, DATA)
    else:
        assert render(template, DATA) == shown


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{{.Id", "unclosed action"),
        ("{{.Nope}}", 'no entry for key "Nope"'),
        ("{{.Id.X}}", "can't evaluate field X"),
        ("{{.State.Error.X}}", "nil data"),
        ("{{nosuch .}}", 'function "nosuch" not defined'),
        ("{{end}}", "unexpected {{end}}"),
        ("{{if .Id}}", "without {{end}}"),
        ('{{template "x"}}', "not supported"),
        ('{{define "x"}}{{end}}', "not supported"),
        ("{{(.Id}}", "unclosed left paren"),
        ("{{.Id | }}", "missing value"),
        ("{{range .Id}}{{end}}", "range can't iterate"),
        ("{{index .Config.Env 5}}", "out of range"),
        ("{{$y}}", "undefined variable"),
        ("{{len 1}}", "error calling len"),
        ("{{ ; }}", "unexpected"),
    ],
)
def test_faults_are_named(template: str, fault: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(template, DATA)
    assert fault in str(caught.value)


@given(st.text(alphabet='{}.$ "`|()=:,Iifendrangewithelse-/*5', max_size=30))
def test_any_text_is_applied_or_refused(template: str) -> None:
    try:
        render(template, DATA)
    except TemplateError:
        pass
