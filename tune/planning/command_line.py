"""The command line of run_sweep.py: flags from the settings, grouped; underscores or hyphens; YAML below flags."""

import argparse
import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainable.contract import UserError
from trainable.flags import OneSentenceParser, add_flag, flag_fields, new_parser, with_underscores
from trainable.runs import find_run_kind
from tune.planning.settings import SweepSettings

LATEST = ""
"""--resume without a name."""

GROUPS = {
    "sweep": "the sweep",
    "search": "the search",
    "confirm": "confirming what a search found",
    "resources": "where it runs",
    "tracking": "what is recorded at W&B (TensorBoard always is)",
}

DESCRIPTION = """\
Find the hyperparameters of a GRPO run: each trial is one whole training run. Optuna proposes them, ASHA stops
trials that fall behind, TensorBoard and W&B record every trial, and an interrupted sweep goes on with --resume."""


@dataclass(frozen=True)
class Request:
    """What the user asked for: values by flag's name, from the YAML file and from the flags, which win."""

    resume: str | None
    """Name of a sweep to go on with, LATEST, or None to begin one."""
    flags: dict[str, Any]
    file: Path | None
    retry_errored: bool = False
    """Whether a resume runs its failed trials again."""


def parse_command_line(arguments: list[str]) -> Request:
    """Read the flags. `--help` prints and exits.

    Raises:
        UserError: an unknown flag or a value of the wrong type.
    """
    arguments = [with_underscores(argument) for argument in arguments]
    run = _run_named_in(arguments)
    _refuse_searched(arguments, run)
    values = vars(_parser(run).parse_args(arguments))
    file = values.pop("config", None)
    resume, retry_errored = values.pop("resume", None), values.pop("retry_errored", False)
    if retry_errored and resume is None:
        raise UserError("--retry_errored needs --resume: it runs the failed trials of a sweep again")
    return Request(resume, values, Path(file) if file else None, retry_errored)


def _run_named_in(arguments: list[str]) -> str:
    parser = OneSentenceParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--run", default=SweepSettings.run)
    return str(parser.parse_known_args(arguments)[0].run)


def _refuse_searched(arguments: list[str], run: str) -> None:
    settings_type = find_run_kind(run).settings_type
    searched = {f"--{f.name}" for f in dataclasses.fields(settings_type)} - {
        f"--{n}" for n in flag_fields(settings_type)
    }
    for flag in (argument.partition("=")[0] for argument in arguments):
        if flag in searched:
            raise UserError(
                f"{flag} is what the sweep searches; give its range in a file of your own: --search_space FILE.py"
            )


def _parser(run: str) -> argparse.ArgumentParser:
    kind = find_run_kind(run)
    parser = new_parser("run_sweep.py", DESCRIPTION)
    groups = {name: parser.add_argument_group(title) for name, title in GROUPS.items()}
    for name, setting in flag_fields(SweepSettings).items():
        add_flag(groups[setting.metadata["group"]], name, setting)
    groups["sweep"].add_argument(
        "--resume", nargs="?", const=LATEST, metavar="NAME", help="go on with a sweep (without a name: the latest)"
    )
    groups["sweep"].add_argument(
        "--retry_errored", action="store_true", help="with --resume: run its failed trials again"
    )
    groups["sweep"].add_argument(
        "--config", metavar="FILE.yaml", help="settings from a file, such as another sweep's sweep.yaml; flags win"
    )
    of_run = parser.add_argument_group(f"every trial ({run})")
    for name, setting in flag_fields(kind.settings_type).items():
        add_flag(of_run, name, setting)
    return parser
