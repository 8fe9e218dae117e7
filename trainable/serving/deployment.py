"""A checkpoint deployed: exported, put before the running model, and its promises compared with what it does.

Letters: `Q` budgets, `F` fixed configurations.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from trainable.contract import shown_path
from trainable.judging.evaluation import full_model_latency_ms
from trainable.judging.lookup_table_file import LOOKUP_TABLE_FILE, write_lookup_table
from trainable.measuring.device_lock import device_lock, waiting_for
from trainable.measuring.identity import Facts, machine_facts
from trainable.profiles.baselines import LOOKUP_TABLE, chosen_in_training, full_configuration
from trainable.profiles.image_split import SPLIT_NAMES, TRAIN, VALIDATION
from trainable.profiles.table import Profile
from trainable.questions.reading import read_questions
from trainable.serving.assembling import Assembled, assemble
from trainable.serving.carrying_over import CarriedOver, carry_over
from trainable.serving.controller import AdaptiveModel, usage
from trainable.serving.execution import Executed, execute, measured_overhead_ms
from trainable.serving.judgement import FULL, PromisedFor, judged, promised_for
from trainable.serving.promises import choices_on_profile
from trainable.serving.report import print_report, write_report
from trainable.serving.serving_file import write_facts
from trainable.serving.settings import DeploymentSettings
from trainable.terminal.console import PlainConsole


def deploy(checkpoint: Path, wanted: DeploymentSettings) -> None:
    """Write the policy and what serving it takes into a folder, judge it on the running model, and print the table.

    Raises:
        UserError: parts that are missing or do not belong together, or a calibration that tells nothing.
    """
    console = PlainConsole()
    parts = assemble(checkpoint, wanted)
    console.print(_heading(parts, wanted.split))
    device = str(parts.adaptive.model.device)
    with device_lock(device, on_wait=lambda: console.print(waiting_for(device))):
        carried = _carried_over(wanted, parts)
        console.print(carried.calibration.in_words() if carried else _machine_in_words(parts))
        profile = carried.profile if carried else parts.profile
        full_ms = full_model_latency_ms(profile)
        budgets_ms = np.array([budget.in_ms(full_ms) for budget in wanted.read_budgets])  # [Q]
        adaptive = _with_its_overhead(parts, carried, budgets_ms.tolist())
        chosen = chosen_in_training(profile, budgets_ms)
        baselines = {FULL: np.full(len(budgets_ms), full_configuration(profile)), **chosen}
        fixed = np.unique([*baselines.values()]).tolist()  # [F]
        executed = _executed(adaptive, parts, budgets_ms.tolist(), fixed)
    promised = _promised_for(parts, adaptive, profile, budgets_ms.tolist())
    expected_ms = adaptive.facts.overhead_ms
    lines = judged(profile, wanted.read_budgets, budgets_ms, promised, baselines, fixed, executed, expected_ms)
    write_facts(parts.folder, adaptive.facts)
    write_lookup_table(parts.folder / LOOKUP_TABLE_FILE, profile, budgets_ms, chosen[LOOKUP_TABLE])
    facts = {"full_model_ms": full_ms, "calibration": asdict(carried.calibration) if carried else None}
    write_report(parts.folder, lines, facts | {"median_ms": executed.medians_ms()})
    print_report(console, lines)
    console.print(f"Accuracy and late are {promised.in_words}")
    if not profile.measured[profile.samples(TRAIN)].all():
        console.print("The profile is not complete: best fixed and lookup table are chosen on what it has")
    console.print(_spent_in_words(executed.medians_ms(), expected_ms))
    console.print(f"Written to {shown_path(parts.folder)}: the policy, how to serve it, and all numbers")
    console.print()
    console.print(usage(parts.folder.resolve(), wanted.model_path, float(budgets_ms.mean())))


def _heading(parts: Assembled, split: str) -> str:
    controller, model, asked = parts.controller, parts.adaptive.model, parts.asked
    return (
        f"{shown_path(controller.file)}: the policy of epoch {controller.epoch} before {shown_path(Path(model.path))} "
        f"({model.family}) on {_machine(parts)['device']}; {len(asked.questions):,} {split} questions of {asked.name}, "
        f"judged by {asked.metric}"
    )


def _spent_in_words(medians_ms: dict[str, float], expected_ms: float) -> str:
    return (
        f"Of a request's latency the policy takes {medians_ms['overhead']:.3g} ms (median; features "
        f"{medians_ms['features']:.3g}, decision and turning {medians_ms['decision']:.3g}), of which {expected_ms:.3g} "
        f"ms were expected and taken off its budget; preparing image and question takes {medians_ms['reading']:.3g} ms "
        "more, in no latency here, nor in a profile's"
    )


def _machine(parts: Assembled) -> Facts:
    """This one, as the model uses it."""
    model = parts.adaptive.model
    return machine_facts(str(model.device), model.dtype, parts.adaptive.facts.num_threads or 0)


def _carried_over(wanted: DeploymentSettings, parts: Assembled) -> CarriedOver | None:
    """The profile in this machine's ms, where that was asked for."""
    if wanted.calibrate is None:
        return None
    training = read_questions(wanted.dataset, wanted.answer_metric, wanted.calibrate, SPLIT_NAMES[TRAIN]).questions
    return carry_over(parts.profile, parts.adaptive, training)


def _with_its_overhead(parts: Assembled, carried: CarriedOver | None, budgets_ms: Sequence[float]) -> AdaptiveModel:
    """The model that takes off a budget what its policy spends, and asks in the profile's ms."""
    policy, model = parts.adaptive.policy, parts.adaptive.model
    facts = replace(parts.adaptive.facts, budget_map=carried.budget_map if carried else None)
    overhead_ms = measured_overhead_ms(AdaptiveModel(policy, model, facts), parts.asked, budgets_ms)
    return AdaptiveModel(policy, model, replace(facts, overhead_ms=overhead_ms))


def _executed(adaptive: AdaptiveModel, parts: Assembled, budgets_ms: Sequence[float], fixed: Sequence[int]) -> Executed:
    grid = parts.profile.grid
    configurations = [dict(zip(grid.names, grid.configurations[index], strict=True)) for index in fixed]
    return execute(adaptive, parts.asked, budgets_ms, configurations)


def _promised_for(
    parts: Assembled, adaptive: AdaptiveModel, profile: Profile, budgets_ms: Sequence[float]
) -> PromisedFor:
    row = {key: index for index, key in enumerate(profile.keys)}
    rows = np.array([row[one.key] for one in parts.asked.questions if one.key in row], dtype=np.int64)
    asked_ms = [adaptive.facts.asked_ms(budget_ms) for budget_ms in budgets_ms]
    choices, of_validation = (
        choices_on_profile(adaptive.policy, profile, parts.features, samples, asked_ms)
        for samples in (rows, profile.samples(VALIDATION))
    )
    return promised_for(profile, len(parts.asked.questions), rows, choices, of_validation)


def _machine_in_words(parts: Assembled) -> str:
    """Whether latencies of the profile hold here, where they are not carried over."""
    there, here, place = parts.profiled.machine, _machine(parts), shown_path(parts.profile.results_dir)
    if there is None:
        return (
            f"The profile {place} does not say on which machine it was measured: its latencies are promised as they "
            "are; --calibrate N carries them over to this one"
        )
    differing = [f"{name} {there[name]}, here {here[name]}" for name in here if there[name] != here[name]]
    if differing:
        return (
            f"The profile {place} was measured on another machine ({'; '.join(differing)}): its latencies need not "
            "hold here; --calibrate N carries them over"
        )
    return f"The profile {place} was measured on this machine"
