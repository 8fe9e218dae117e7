"""The command line of run_sweep.py: flags from the settings, grouped; underscores or hyphens; YAML below flags."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainable.contract import UserError
from trainable.flags import OneSentenceParser, add_flags, flag_fields
from trainable.runs import find_run_kind
from trainable.settings_fields import single_fields
from trainable.user_paths import PathTo, usable_path
from tune.planning.provenance import provenance
from tune.planning.settings import THE_SWEEP, SweepSettings

LATEST = ""
"""--resume without a name."""

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
    values = vars(_parser(_run_named_in(arguments)).parse_args(arguments))
    file = values.pop("config", None)
    resume, retry_errored = values.pop("resume", None), values.pop("retry_errored", False)
    if retry_errored and resume is None:
        raise UserError("--retry_errored needs --resume: it runs the failed trials of a sweep again")
    return Request(resume, values, None if file is None else usable_path(file, PathTo.FILE, "--config"), retry_errored)


def _run_named_in(arguments: list[str]) -> str:
    """The run, whose settings are flags too."""
    parser = OneSentenceParser("run_sweep.py", None, add_help=False)
    parser.add_argument("--run", default=SweepSettings.run)
    return str(parser.parse_known_args(arguments)[0].run)


class _RefuseSearched(argparse.Action):
    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        raise UserError(
            f"{option_string} is what the sweep searches; give its range in a file of your own: --search_space FILE.py"
        )


class _PrintVersions(argparse.Action):
    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        print("\n".join(f"{name.removeprefix('version/')} {version}" for name, version in provenance().items()))
        parser.exit()


def _parser(run: str) -> argparse.ArgumentParser:
    settings_of_run = find_run_kind(run).settings_type
    parser = OneSentenceParser("run_sweep.py", DESCRIPTION, argument_default=argparse.SUPPRESS)
    parser.add_argument(
        "--version", action=_PrintVersions, nargs=0, help="show what a report of a fault needs, and exit"
    )
    of_sweep = add_flags(parser, flag_fields(SweepSettings))[THE_SWEEP]
    of_sweep.add_argument(
        "--resume", nargs="?", const=LATEST, metavar="NAME", help="go on with a sweep (without a name: the latest)"
    )
    of_sweep.add_argument("--retry_errored", action="store_true", help="with --resume: run its failed trials again")
    of_sweep.add_argument(
        "--config", metavar="FILE.yaml", help="settings from a file, such as another sweep's sweep.yaml; flags win"
    )
    flags_of_run = flag_fields(settings_of_run)
    add_flags(parser, flags_of_run, f"every trial ({run})")
    for name in single_fields(settings_of_run).keys() - flags_of_run:
        parser.add_argument(f"--{name}", action=_RefuseSearched, nargs="?", help=argparse.SUPPRESS)
    return parser
