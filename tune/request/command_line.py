"""The command line of run_sweep.py: flags from the settings, grouped; underscores or hyphens; YAML below flags."""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from results.record.origin import BESIDE_SETTINGS
from results.record.settings_file import read_by_hand
from results.record.upgrade import shows_what_is_searched
from trainable.contract import SettingError, UserError
from trainable.flags import OneSentenceParser, add_flags, whole_number
from trainable.runs.choosing import read_anew
from trainable.settings.values import plain
from trainable.settings_fields import Role, given_in, names_with, single_fields, typed_values
from trainable.user_paths import PathTo, is_address, read_address, usable_path
from tune.request.provenance import provenance
from tune.request.settings import THE_SWEEP, SweepSettings, find_sweepable

LATEST = ""
"""--resume without a name; an empty one is refused."""

DESCRIPTION = """\
Find the hyperparameters of a GRPO run: each trial is one whole training run. Optuna proposes them, trials that fall
behind are paused, the best settings run again under a fresh seed, TensorBoard and W&B record every trial, and an
interrupted sweep goes on with --resume."""


@dataclass(frozen=True)
class Request:
    """What the user asked for: values by setting's name, those of the YAML file and those of the flags, which win."""

    resume: str | None
    """Name, folder or address of a sweep to go on with, LATEST, or None to begin one."""
    flags: dict[str, Any]
    file: Path | None = None
    of_file: dict[str, Any] = field(default_factory=dict)
    is_record: bool = False
    """Whether the file is what a sweep recorded."""
    retry_errored: bool = False
    """Whether a resume runs its failed trials again."""
    promote: int = 0
    """How many paused trials a resume goes on with, whatever the scheduler says."""

    @property
    def given(self) -> dict[str, Any]:
        return self.of_file | self.flags

    @contextmanager
    def naming_doors(self) -> Iterator[None]:
        """Have what is wrong with a setting say whether the user gave it as a flag or in the file."""
        with given_in("--", self.flags), given_in(f"{self.file}: ", self.of_file.keys() - self.flags.keys()):
            yield


def parse_command_line(arguments: list[str]) -> Request:
    """Read the flags, and the file that they name. `--help` and the like print and exit.

    Raises:
        UserError: an unknown flag or setting, or a value of the wrong type.
    """
    read_anew()
    before = OneSentenceParser("run_sweep.py", None, add_help=False)
    before.add_argument("--run")
    before.add_argument("--config")
    named = before.parse_known_args(arguments)[0]
    file = None if named.config is None else usable_path(named.config, PathTo.FILE, "--config")
    content = read_by_hand(file) if file else {}
    with given_in("--" if named.run else f"{file}: ", ["run"]):
        given = {"run": named.run or content.get("run") or SweepSettings.run}
        run = typed_values(given, SweepSettings)[0]["run"]
        values = vars(_parser(run).parse_args(arguments)) | ({"run": run} if named.run else {})
    if values.pop("list_search_spaces", False):
        with given_in("--", ["search_space"]):
            _print_spaces(run, values.get("search_space"))
    values.pop("config", None)
    resume, retry_errored = values.pop("resume", None), values.pop("retry_errored", False)
    with given_in("--", ["storage_path", "mirror"]):
        values = _with_mirror(values)
    if resume and is_address(resume):
        resume = read_address(resume, "--resume")
        values["mirror"] = _mirror_of(resume)
    promote = values.pop("promote", 0)
    if retry_errored and resume is None:
        raise UserError("--retry_errored needs --resume: it runs the failed trials of a sweep again")
    if promote and resume is None:
        raise UserError("--promote needs --resume: it goes on with paused trials of a sweep")
    with given_in(f"{file}: ", content):
        of_file = _settings_in(_with_mirror(content), find_sweepable(run).settings_type)
    return Request(resume, values, file, of_file, "created" in content, retry_errored, promote)


def _with_mirror(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values: of an address for storage_path, that sweeps are kept there besides their folders on this machine."""
    storage = values.get("storage_path")
    if not isinstance(storage, str) or not is_address(storage):
        return dict(values)
    if values.get("mirror"):
        raise SettingError("mirror", " is given besides an address for storage_path; give one of them")
    others = {name: value for name, value in values.items() if name != "storage_path"}
    return others | {"mirror": read_address(storage, "storage_path")}


def _mirror_of(sweep: str) -> str:
    """What the address of a sweep lies below."""
    mirror, _, _ = sweep.rpartition("/")
    if mirror.endswith("/"):
        raise UserError(f"--resume {sweep}: it is no address of a sweep; write it as in s3://BUCKET/FOLDER/NAME")
    return mirror


def _settings_in(content: Mapping[str, Any], settings_of_run: type) -> dict[str, Any]:
    """The settings in what a YAML file holds; of a sweep's own sweep.yaml those that another sweep can share."""
    own, of_run = typed_values(
        {name: value for name, value in content.items() if name not in BESIDE_SETTINGS}, SweepSettings, settings_of_run
    )
    if shows_what_is_searched(content):
        defaults = single_fields(settings_of_run)
        of_run = {name: value for name, value in of_run.items() if value != defaults[name].default}
    if "created" in content:
        not_shared = {"name", *(names_with(Role.SEARCH, SweepSettings) if own.get("confirm") else ())}
        own = {name: value for name, value in own.items() if name not in not_shared}
    return {name: plain(value) for name, value in (own | of_run).items()}


class _PrintVersions(argparse.Action):
    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        print("\n".join(f"{name.removeprefix('version/')} {version}" for name, version in provenance().items()))
        parser.exit()


def _print_spaces(run: str, given: str | None) -> NoReturn:
    from tune.request.space_listing import space_listing  # Optuna takes half a second to import: not before --help

    print(space_listing(run, given))
    raise SystemExit(0)


def own_parser() -> OneSentenceParser:
    """The flags of every sweep."""
    parser = OneSentenceParser("run_sweep.py", DESCRIPTION, argument_default=argparse.SUPPRESS)
    parser.add_argument(
        "--version", action=_PrintVersions, nargs=0, help="show what a report of a fault needs, and exit"
    )
    parser.add_argument("--list_search_spaces", action="store_true", help="show what there is to search, and exit")
    of_sweep = add_flags(parser, SweepSettings)[THE_SWEEP]
    of_sweep.add_argument(
        "--resume", nargs="?", const=LATEST, metavar="NAME", help="go on with a sweep (without a name: the latest)"
    )
    of_sweep.add_argument("--retry_errored", action="store_true", help="with --resume: run its failed trials again")
    of_sweep.add_argument(
        "--promote",
        type=whole_number,
        metavar="N",
        help="with --resume: go on with the best N of the trials that are paused, up to their next rung",
    )
    of_sweep.add_argument(
        "--config", metavar="FILE.yaml", help="settings from a file, such as another sweep's sweep.yaml; flags win"
    )
    return parser


def _parser(run: str) -> OneSentenceParser:
    settings_of_run, parser = find_sweepable(run).settings_type, own_parser()
    add_flags(parser, settings_of_run, f"every trial ({run}), but for what the search space searches")
    return parser
