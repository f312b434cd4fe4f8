"""Before the first step: what the request and the Dockerfile settle, which stages there are, what may be wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from wherry.engine.build.ignore import Matcher, parse_ignore
from wherry.engine.build.job import Job, Setting
from wherry.engine.build.model import BuildFailed, Options, Source, Tell, Warned
from wherry.engine.dockerfile import graph
from wherry.engine.dockerfile.errors import InvalidDockerfile, excerpt
from wherry.engine.dockerfile.graph import Graph, Names, Surroundings, needed_stages
from wherry.engine.dockerfile.lint import Circumstances, checks, lint, refuse
from wherry.engine.dockerfile.model import Instruction
from wherry.engine.dockerfile.parser import parse, parse_trigger
from wherry.engine.dockerfile.rules import Finding
from wherry.engine.dockerfile.scope import global_scope, platform_arguments, unused
from wherry.engine.images.threads import in_thread
from wherry.kit.errors import Invalid, Unsupported, WherryError
from wherry.oci.platform import Platform, host

_EPOCH = "SOURCE_DATE_EPOCH"
_FRONTEND = "BUILDKIT_SYNTAX"
"""A build argument that takes the place of ``# syntax=``."""
REPRODUCIBLE = "WHERRY_REPRODUCIBLE"
"""A build argument: 0 lets files keep their times, and gives the image the time of the build."""
TEXT_LIMIT = 1 << 20
"""Characters of a Dockerfile."""
_OFF = ("0", "false", "no", "off")


def setting_of(source: Source, options: Options, now_seconds: int) -> Setting:
    """What is settled before anything is looked up. BuildFailed shows the line that is wrong; Invalid. Pure."""
    options = _with_arguments(options)
    if len(source.dockerfile) > TEXT_LIMIT:
        raise Invalid(f"{source.dockerfile_name} is too large: it has more than {TEXT_LIMIT} characters")
    try:
        dockerfile = parse(source.dockerfile)
        platform = _platform(options.platform)
        _check_frontend(options.build_args.get(_FRONTEND) or dockerfile.directives.syntax or "")
        names = Names(tuple(stage.name for stage in dockerfile.stages), frozenset(options.contexts))
        stage = dockerfile.stages[graph.target_index(names.stages, options.target)]
        globals_ = global_scope(dockerfile, options.build_args, platform_arguments(host(), platform, stage.name))
    except InvalidDockerfile as error:
        raise located(error, source.dockerfile, source.dockerfile_name) from error
    return Setting(dockerfile, source.dockerfile_name, options, globals_, names, platform, now_seconds)


def _platform(text: str) -> Platform:
    if "," in text:
        raise Unsupported(
            f"several platforms in one build ({text}) are not available in this version: build one at a time"
        )
    return Platform.parse(text)


def _check_frontend(name: str) -> None:
    """``# syntax=`` names an image that translates the file. The one known here is Docker's, wherever it comes from:
    docker/dockerfile:1, example.com/mirror/dockerfile-upstream:master."""
    if name and not name.rpartition("/")[2].startswith("dockerfile"):
        raise Unsupported(
            f"# syntax={name}: other languages than docker/dockerfile are not available in this version: "
            "remove the line, or name docker/dockerfile:1"
        )


def _with_arguments(options: Options) -> Options:
    """Build arguments that mean something to the builder itself."""
    epoch = options.build_args.get(_EPOCH, "")
    if epoch:
        if not (epoch.isascii() and epoch.isdigit() and len(epoch) < 12):
            raise Invalid(f"invalid {_EPOCH}: {epoch!r} is no number of seconds since 1970")
        options = replace(options, epoch_seconds=int(epoch))
    if options.build_args.get(REPRODUCIBLE, "").lower() in _OFF:
        options = replace(options, reproducible=False)
    return options


def contexts_of(source: Source, options: Options) -> Iterator[tuple[str, Path, Matcher | None]]:
    """The directories that files come from, by name; the build's own has none. Invalid."""
    if source.context is not None:
        patterns = parse_ignore(source.ignore)
        yield "", source.context, Matcher(patterns) if patterns else None
    for name, said in options.contexts.items():
        if "://" in said:
            continue
        path = Path(said)
        if not path.is_absolute() or not path.is_dir():
            raise Invalid(f"build context {name!r}: {said} is no directory")
        ignore = path / ".dockerignore"
        patterns = parse_ignore(ignore.read_text(errors="replace")) if ignore.is_file() else []
        yield name, path, Matcher(patterns) if patterns else None


def located(error: InvalidDockerfile, text: str, name: str) -> BuildFailed:
    """The failure that shows where the Dockerfile is wrong."""
    shown = excerpt(text, error.location, name) if error.location is not None else ""
    return BuildFailed(error.message, shown)


async def graph_of(job: Job) -> Graph:
    """The needed stages, with what base images left to be done by who builds on them (ONBUILD). BuildFailed."""
    setting = job.setting
    triggers: dict[int, Sequence[Instruction]] = {}
    while True:
        surroundings = Surroundings(setting.globals, frozenset(setting.options.contexts), triggers)
        try:
            found = await in_thread(needed_stages, setting.dockerfile, setting.options.target, surroundings)
            more = await _triggers(job, found)
        except InvalidDockerfile as error:
            raise located(error, setting.dockerfile.source, setting.dockerfile_name) from error
        if more.keys() <= triggers.keys():
            return found
        triggers |= more


async def _triggers(job: Job, found: Graph) -> dict[int, Sequence[Instruction]]:
    """What the base images that are here already say; one that is still to be pulled is pulled now."""
    triggers: dict[int, Sequence[Instruction]] = {}
    for node in found.nodes:
        if not isinstance(node.base, graph.ImageSource) or node.context is not None:
            continue
        location = node.origin.location
        try:
            image = job.engine.base.known(node.base.reference)
        except Invalid as error:
            raise InvalidDockerfile(error.message, location) from error
        if image is None or job.options.pull:
            platform = Platform.parse(node.origin.platform) if node.origin.platform else job.setting.platform
            try:
                image = await job.base_image(node.base.reference, platform, lambda document: None)
            except WherryError:
                continue  # the stage itself meets the same, and tells it in its place
        texts = image.config.config.on_build or ()
        if texts:
            triggers[node.stage.index] = [parse_trigger(text, location) for text in texts]
    return triggers


async def warn(job: Job, found: Graph, ignore: Matcher | None, tell: Tell) -> list[Finding]:
    """Tell what may be wrong with the Dockerfile; the findings. Invalid for bad checks."""
    options, dockerfile = job.options, job.setting.dockerfile
    bases = {}
    for node in found.nodes:
        if isinstance(node.base, graph.ImageSource):
            image = job.engine.base.known(node.base.reference)
            if image is not None:
                bases[node.stage.index] = image.config.config
    stage = dockerfile.stages[found.target]
    automatic = platform_arguments(host(), job.setting.platform, stage.name)
    ignores = ignore.ignores if ignore is not None and not ignore.has_exceptions else None
    findings = await in_thread(lint, dockerfile, Circumstances(options.build_args, automatic, bases, ignores))
    ignored = unused(dockerfile, options.build_args)
    if ignored:
        tell(Warned("UnusedBuildArgument", f"One or more build-args [{' '.join(ignored)}] were not consumed"))
    for finding in findings:
        tell(Warned(finding.rule.name, finding.message, finding.rule.url, finding.location))
    return findings


def refuse_findings(job: Job, findings: Sequence[Finding]) -> None:
    """Fail a build whose Dockerfile says that warnings are errors, after all else went well. Invalid."""
    refuse(findings, checks(job.setting.dockerfile, job.options.build_args))
