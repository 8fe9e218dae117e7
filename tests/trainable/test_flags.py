import dataclasses

import pytest

from trainable.contract import UserError
from trainable.flags import as_arguments
from trainable.grpo.settings import GRPOSettings
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
