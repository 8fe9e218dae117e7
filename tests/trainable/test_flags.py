import argparse
import dataclasses
from pathlib import Path

import pytest
from typed_run import Size, TypedSettings, Walk

from trainable.contract import UserError
from trainable.flags import OneSentenceParser, add_flags, as_arguments
from trainable.grpo.settings import GRPOSettings
from trainable.settings_fields import built, typed_values
from trainable.single_run.command_line import parse_command_line
from trainable.single_run.settings import from_flat
from trainable.terminal.commands import command

CHANGED = GRPOSettings(
    results_dir="/a folder/of mine",
    dataset_names=("text_vqa", "okvqa"),
    trust_remote_code=True,
    recipe="original",
    latency_budget_min=7.25,
    kl_coefficient=0.1 + 0.2,
)


@pytest.mark.parametrize("settings", [GRPOSettings(), CHANGED], ids=["defaults", "changed"])
def test_settings_written_as_arguments_are_read_as_the_same_settings(settings):
    assert from_flat(parse_command_line(as_arguments(settings)).flags).grpo == settings


def test_only_what_differs_from_the_defaults_is_written():
    assert as_arguments(GRPOSettings()) == []
    assert as_arguments(dataclasses.replace(GRPOSettings(), batch_size=8)) == ["--batch_size", "8"]


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (UserError("no such thing; take another"), 2, "fit.py: no such thing; take another\n"),
        (KeyboardInterrupt(), 130, "fit.py: stopped, and nothing is lost\n"),
    ],
)
def test_a_mistake_or_ctrl_c_ends_a_command_in_one_sentence(raised, status, said, capsys):
    @command("fit.py", interrupted="stopped, and nothing is lost")
    def main(arguments):
        raise raised

    assert main([]) == status
    assert capsys.readouterr().err == said


def test_settings_of_every_type_are_given_as_flags_of_their_names():
    arguments = [
        "--map", "m", "--walk", "round about", "--size=LARGE", "--pace", "any", "--shoes", "--rest", "None",
        "--betas", "-1e-3", "-.5e-3", "--stops", "--sizes", "SMALL", "LARGE", "--said=--x -y",
    ]  # fmt: skip
    parser = OneSentenceParser("fit.py", None, argument_default=argparse.SUPPRESS)
    add_flags(parser, TypedSettings)
    (values,) = typed_values(vars(parser.parse_args(arguments)), TypedSettings)

    settings = built(TypedSettings, values)

    assert settings == TypedSettings(
        map=Path("m").absolute(), walk=Walk.ROUND_ABOUT, size=Size.LARGE, pace="any", shoes=True, rest=None,
        betas=(-0.001, -0.0005), stops=[], sizes=(Size.SMALL, Size.LARGE), said="--x -y",
    )  # fmt: skip
    (again,) = typed_values(vars(parser.parse_args(as_arguments(settings))), TypedSettings)
    assert built(TypedSettings, again) == settings


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--size", "small"], "--size is 'small'; it must be one of SMALL, LARGE"),
        (["--betas", "1"], "argument --betas: expected 2 arguments; --help"),
        (["--sizes"], "argument --sizes: expected at least one argument; --help"),
        (["--said", "-x"], "--said has no value; one that begins with '-' is written --said=VALUE"),
        (["--stops", "1", "two"], "--stops is 'two'; it must be a whole number"),
        (["stray\nline"], "unrecognized arguments: stray\\nline; --help lists the flags"),
        (["--steps", "1"], "no flag --steps; did you mean --stops?"),
    ],
)
def test_a_flag_that_cannot_be_its_setting_is_refused_in_a_sentence(arguments, sentence):
    parser = OneSentenceParser("fit.py", None)
    add_flags(parser, TypedSettings)
    with pytest.raises(UserError) as refused:
        parser.parse_args(arguments)
    assert str(refused.value).startswith(sentence)


def test_help_tells_what_a_setting_can_be_and_which_must_be_given():
    parser = OneSentenceParser("fit.py", None)
    add_flags(parser, TypedSettings)
    lines = [" ".join(line.split()) for line in parser.format_help().splitlines()]
    assert "--map MAP (required)" in lines
    assert "--size {SMALL,LARGE} (default: SMALL)" in lines
    assert "--betas BETAS BETAS (default: 0.9 0.99)" in lines
