"""The command line of train_joint_controller.py: flags from the settings, grouped; underscores or hyphens."""

import argparse
from dataclasses import dataclass
from typing import Any

from trainable.contract import UserError
from trainable.flags import OneSentenceParser, add_flags, add_switch
from trainable.grpo.settings import GRPOSettings
from trainable.single_run.settings import THE_TRAINING, TrainingSettings

DESCRIPTION = """\
Train one joint controller with GRPO: on the shipped profile unless --results_dir says otherwise. Every epoch goes to
the console, TensorBoard and CSV files, and to W&B with --use_wandb. To search hyperparameters: tune/run_sweep.py."""


@dataclass(frozen=True)
class Request:
    """What the user asked for: values by flag's name, only those that were given."""

    flags: dict[str, Any]
    resume: bool
    overwrite: bool


def parse_command_line(arguments: list[str]) -> Request:
    """Read the flags. `--help` prints and exits.

    Raises:
        UserError: an unknown flag, a value of the wrong type, or two flags that exclude each other.
    """
    flags = vars(_parser().parse_args(arguments))
    request = Request(flags, flags.pop("resume", False), flags.pop("overwrite", False))
    if request.resume and request.overwrite:
        raise UserError("--resume goes on with what --overwrite removes; give one of them")
    return request


def _parser() -> argparse.ArgumentParser:
    parser = OneSentenceParser("train_joint_controller.py", DESCRIPTION, argument_default=argparse.SUPPRESS)
    of_training = add_flags(parser, TrainingSettings)[THE_TRAINING]
    add_switch(of_training, "resume", "go on with the training in --output_dir, with the settings it began with")
    add_switch(of_training, "overwrite", "remove the training that lies in --output_dir, and begin anew")
    add_flags(parser, GRPOSettings, "data, policy, reward and loss")
    return parser
