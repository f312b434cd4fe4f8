"""Write docs/reference from the command line itself: one page a command, an index, and the settings.

.venv/bin/python scripts/reference.py            write the pages
.venv/bin/python scripts/reference.py --check    say which are out of date, and exit 1 when some are
"""

import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from wherry.app.cli import entry
from wherry.app.cli.command import Command, LazyGroup
from wherry.app.config import SETTINGS, SYSTEM_FILE

DIRECTORY = Path(__file__).resolve().parent.parent / "docs" / "reference"
SUBJECTS = {
    "Instance": entry.INSTANCE,
    "Containers": entry.CONTAINERS,
    "Images": entry.IMAGES,
    "System": entry.SYSTEM,
    "Groups": entry.GROUPS,
}
NOTE = "<!-- Written by scripts/reference.py: change the command, then run it. -->\n"

# What click does not know. Every command has the usual ones; these have more, or others.
USUAL = {
    "0": "done",
    "1": "the daemon refused, or does not answer; with several names: one of them failed, the others are done",
    "125": "the command line makes no sense",
    "130": "interrupted, or a question answered with no",
    "141": "the reader of the output has gone (`wherry logs web \\| head`)",
}
_REFUSED = "the command line makes no sense, the daemon refused, or it does not answer"
_PROGRAM = {"126": "the program cannot be executed", "127": "there is no such program"}
EXIT_STATUSES: Mapping[str, Mapping[str, str]] = {
    "run": {
        "0": "`--detach`: started; otherwise: detached by the detach keys, or the program's own status",
        "125": _REFUSED,
        **_PROGRAM,
        "128 + N": "signal N ended the program",
        "other": "the program's own",
    },
    "exec": {
        "0": "`--detach`: started; otherwise the program's own status",
        "1": "the daemon refused or does not answer, or detached by the detach keys",
        "125": USUAL["125"],
        **_PROGRAM,
        "128 + N": "signal N ended the program",
        "other": "the program's own",
    },
    "start": {**USUAL, "other": "`--attach`, `--interactive`: the program's own"},
    "attach": {**USUAL, "0": "detached by the detach keys, or the program's own status", "other": "the program's own"},
    "up": {
        "0": "`--detach`: the daemon answers, and its node is Ready; otherwise: it was told to end",
        "1": "a fault in the settings, not root, another daemon holds the directory, the daemon does not answer (it is "
        "ended), or its node is not Ready within 30 s (it goes on)",
        "125": USUAL["125"],
    },
    "down": {"0": "nothing of the instance runs", "1": "something could not be stopped", "125": USUAL["125"]},
    "env": {"0": "done", "1": "a fault in the settings", "125": USUAL["125"]},
    "status": {"0": "the instance is up", "1": "a fault in the settings", "3": "it is not up", "125": USUAL["125"]},
}

Pages = dict[str, str]


def pages() -> Pages:
    """Every page by its file's name."""
    context = click.Context(entry.root, info_name="wherry")
    found = {f"{name}.md": _page(name, context) for name in entry.COMMANDS}
    return {"README.md": _index(context), "settings.md": _settings(), **found}


def _page(name: str, context: click.Context) -> str:
    command = entry.root.get_command(context, name)
    assert command is not None
    if isinstance(command, LazyGroup):
        return NOTE + "".join(_group(name, command))
    statuses = EXIT_STATUSES.get(name, USUAL)
    return NOTE + f"# wherry {name}\n\n" + "".join(_body(f"wherry {name}", command)) + _statuses(statuses)


def _group(name: str, group: LazyGroup) -> Iterator[str]:
    """The verbs that are docker's other spelling of a command are told where that is; the others are told here."""
    context = click.Context(group, info_name=name)
    yield f"# wherry {name}\n\n{group.help}\n\n    wherry {name} COMMAND [ARGUMENT]...\n\n"
    targets: dict[str, list[str]] = {}
    for verb, target in group.modules.items():
        targets.setdefault(target, []).append(verb)
    own = {target: verbs for target, verbs in targets.items() if _spelling(target) is None}
    elsewhere = {target: verbs for target, verbs in targets.items() if target not in own}
    if elsewhere:
        yield "| command | the same as |\n|---|---|\n"
        for target, verbs in sorted(elsewhere.items(), key=lambda item: item[1]):
            other = _spelling(target)
            yield f"| {_names(name, verbs)} | [`wherry {other}`]({other}.md) |\n"
        yield "\n"
    for _, verbs in sorted(own.items(), key=lambda item: item[1]):
        command = group.get_command(context, verbs[0])
        assert command is not None
        yield f"## wherry {name} {verbs[0]}\n\n"
        if verbs[1:]:
            yield f"Also {_names(name, verbs[1:])}.\n\n"
        yield from _body(f"wherry {name} {verbs[0]}", command)
    yield _statuses(USUAL)


def _names(group: str, verbs: list[str]) -> str:
    return ", ".join(f"`wherry {group} {verb}`" for verb in verbs)


def _spelling(target: str) -> str | None:
    """The command that is the same as a group's verb."""
    return next((name for name, other in entry.COMMANDS.items() if other == target), None)


def _body(path: str, command: click.Command) -> Iterator[str]:
    yield f"{inspect.cleandoc(command.help or '')}\n\n"
    yield f"    {path} {_usage(command)}\n"
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    yield "\n| option | |\n|---|---|\n"
    yield from (_option(option) for option in options)
    yield "| `--help` | Show the options and end. |\n\n"


def _usage(command: click.Command) -> str:
    pieces = ["[OPTION]..."]
    for argument in command.params:
        if isinstance(argument, click.Argument):
            pieces.append(_argument((argument.name or "").upper(), argument))
    return " ".join(pieces)


def _argument(name: str, argument: click.Argument) -> str:
    if argument.nargs != -1:
        return name if argument.required else f"[{name}]"
    if name == "COMMAND":
        return "COMMAND [ARGUMENT]..." if argument.required else "[COMMAND [ARGUMENT]...]"
    name = name.removesuffix("S")
    return f"{name}..." if argument.required else f"[{name}]..."


def _option(option: click.Option) -> str:
    spelled = [*sorted(option.opts, key=len), *option.secondary_opts]
    value = "" if option.is_flag else f" {_value(option)}"
    names = ", ".join(f"`{name}`" for name in spelled[:-1])
    last = f"`{spelled[-1]}{value}`".replace("|", "\\|")
    repeated = " May be repeated." if option.multiple and "repeated" not in (option.help or "") else ""
    default = f" Default: `{option.default}`." if _has_default(option) else ""
    return f"| {', '.join(filter(None, (names, last)))} | {option.help or ''}{repeated}{default} |\n"


def _value(option: click.Option) -> str:
    if option.metavar:
        return option.metavar
    return "|".join(map(str, option.type.choices)) if isinstance(option.type, click.Choice) else "VALUE"


def _shown(default: object) -> str:
    """A setting's default as it would be written; nothing for none."""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return "" if default in (None, "", ()) else f"`{default}`"


def _has_default(option: click.Option) -> bool:
    return not option.is_flag and isinstance(option.default, str | int) and option.default not in ("", -1)


def _statuses(statuses: Mapping[str, str]) -> str:
    lines = "".join(f"| {status} | {meaning} |\n" for status, meaning in statuses.items())
    return f"## Exit status\n\n| status | |\n|---|---|\n{lines}"


def _index(context: click.Context) -> str:
    lines = [
        NOTE,
        "# The wherry command\n\n",
        f"{entry.root.help}\n\n",
        "    wherry [OPTION]... COMMAND [ARGUMENT]...\n",
    ]
    lines.append("\n| option | |\n|---|---|\n")
    lines += [_option(option) for option in entry.root.params if isinstance(option, click.Option)]
    lines.append(
        """
A command talks to the daemon whose socket is named by, in this order: `--host`, `--root`, `$WHERRY_ROOT`,
`$DOCKER_HOST`; without any, the machine's own instance. `up`, `down`, `env` and `status` are about an instance and
look at `--root` and `$WHERRY_ROOT` only. `--root` may stand before or after the command.

Flags are docker's, in all their spellings: `-it`, `--rm=false`, `-p80:80`. What an instance can be told beside flags
is in [settings](settings.md).
"""
    )
    for subject, commands in SUBJECTS.items():
        lines.append(f"\n## {subject}\n\n| command | |\n|---|---|\n")
        for name in sorted(commands):
            command = entry.root.get_command(context, name)
            assert isinstance(command, Command | LazyGroup)
            first = inspect.cleandoc(command.help or "").split("\n\n")[0].replace("\n", " ")
            lines.append(f"| [`{name}`]({name}.md) | {first} |\n")
    lines.append("\n" + _statuses(USUAL))
    with_more = ", ".join(f"[`{name}`]({name}.md)" for name in EXIT_STATUSES)
    lines.append(f"\nOthers: {with_more}.\n")
    return "".join(lines)


def _settings() -> str:
    lines = [
        NOTE,
        "# Settings\n\n",
        f"""The later wins: defaults, the file, the environment, flags of `wherry up`. All faults are told together.
The file is `--config FILE`, or `$WHERRY_CONFIG`, or `wherry.toml` in the directory that `--root` or `$WHERRY_ROOT`
names, or `{SYSTEM_FILE}`. A setting `containers.warm` is `warm` in the file's table `[containers]`.

""",
        "| setting | in the environment | default | |\n|---|---|---|---|\n",
    ]
    for setting in SETTINGS:
        lines.append(f"| `{setting.name}` | `{setting.variable}` | {_shown(setting.default)} | {setting.meaning} |\n")
    return "".join(lines)


def outdated(directory: Path = DIRECTORY) -> list[str]:
    """Names of the pages that are not as they should be: changed, missing, or of commands that are gone."""
    wanted = pages()
    there = {path.name: path.read_text() for path in directory.glob("*.md")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write(directory: Path = DIRECTORY) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for name, text in wanted.items():
        (directory / name).write_text(text)
    for path in directory.glob("*.md"):
        if path.name not in wanted:
            path.unlink()


def main() -> int:
    if sys.argv[1:] == ["--check"]:
        stale = outdated()
        print("".join(f"{name}\n" for name in stale), end="")
        return bool(stale)
    write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
