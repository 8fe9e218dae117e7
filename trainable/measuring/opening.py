"""Opening a store with its model and questions in hand, or making it where there is none."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from results.files.atomic_write import make_folder
from trainable.block_importance.files import IMPORTANCE_FILE, SCORES_FILE, read_importance, write_importance
from trainable.block_importance.finding import find_importance
from trainable.contract import UserError, shown_path
from trainable.measuring.configurations import choose_configurations, knob_values
from trainable.measuring.device_lock import device_lock, waiting_for
from trainable.measuring.identity import StoreIdentity, machine_facts
from trainable.measuring.meter import Meter, latencies_of_profile
from trainable.measuring.profiling import reference_samples
from trainable.measuring.settings import MeasuringSettings
from trainable.measuring.store import MeasuredStore
from trainable.measuring.store_file import STORE_FILE, StoreContents, read_contents
from trainable.profiles.files import entries, profile_files
from trainable.profiles.knobs import KnobGrid
from trainable.profiles.reading import read_profile
from trainable.questions.reading import read_questions
from trainable.questions.sample import QuestionSet
from trainable.settings_fields import to_flat
from trainable.torch_process import chosen_device
from trainable.vision_language_model.loading import load_model
from trainable.vision_language_model.model import VisionLanguageModel

MEASURED = "measured"
"""Where latencies come from, unless it is a profile."""

RECORDED = (
    "answer_metric",
    "max_samples",
    "num_runs_per_sample",
    "reference_samples",
    "max_new_tokens",
    "num_threads",
    "device",
    "dtype",
)
"""Settings that a store tells."""

Say = Callable[[str], None]


def open_meter(settings: MeasuringSettings, say: Say) -> Meter:
    """The meter of a store, which is made where there is none.

    Configurations, blocks' importance and the longest answer are those of the store that is there, unless given.

    Raises:
        UserError: model, questions or folder cannot be used, or the store there is of something else.
    """
    folder = Path(settings.output)
    before = read_contents(folder) if (folder / STORE_FILE).exists() else None
    if not before:
        _require_no_profile(folder)
    questions = read_questions(settings.dataset, settings.answer_metric, settings.max_samples)
    model = _model(settings, before)
    for note in model.notes:
        say(note)
    contents = _contents(settings, before, model, questions, say)
    store = MeasuredStore.create(folder, contents)
    _require_same(store, contents.identity, settings.accept_other_store, say)
    latencies_ms = None
    if settings.latency_profile is not None:
        latencies_ms = latencies_of_profile(Path(settings.latency_profile), store.contents)
    return Meter(store, model, questions, latencies_ms, _told_once(say, model))


def _told_once(say: Say, model: VisionLanguageModel) -> Callable[[], None]:
    """Says that another process has the model's device, when it is called first."""
    return functools.cache(lambda: say(waiting_for(model.device)))


def _require_no_profile(folder: Path) -> None:
    if folder.is_dir() and any(profile_files(entry) for entry in entries(folder) if entry.is_dir()):
        raise UserError(
            f"--output {folder}: a profile lies there that was measured otherwise, and cannot be gone on with; give "
            "another folder"
        )


def _takes_its_own(settings: MeasuringSettings, before: StoreContents | None) -> StoreContents | None:
    """The store that is there, where nothing is said of configurations, so that its own hold."""
    return before if settings.configurations is None and settings.max_configurations is None else None


def _model(settings: MeasuringSettings, before: StoreContents | None) -> VisionLanguageModel:
    """The model, with the knobs' values that are asked for, where they are not its own to choose."""
    values: dict[str, tuple[Any, ...]] = {}
    if settings.configurations:
        values = dict(knob_values(Path(settings.configurations)))
    elif own := _takes_its_own(settings, before):
        values = dict(zip(own.grid.names, own.grid.values, strict=True))
    return load_model(
        settings.model_path,
        chosen_device(settings.device),
        trust_remote_code=settings.trust_remote_code,
        dtype=settings.dtype,
        top_k=values.get("top_k"),
        num_active_blocks=values.get("num_active_blocks"),
        tiers=values.get("tier"),
    )


def _contents(
    settings: MeasuringSettings,
    before: StoreContents | None,
    model: VisionLanguageModel,
    questions: QuestionSet,
    say: Say,
) -> StoreContents:
    """What a store of these would be of.

    Args:
        before: the store that is there.
    """
    grid, configurations = _configurations(settings, before, model.grid)
    keys = tuple(question.key for question in questions.questions)
    reference = reference_samples(keys, settings.reference_samples)
    max_new_tokens = settings.max_new_tokens
    if max_new_tokens is None:
        max_new_tokens = before.identity.knobs["max_new_tokens"] if before else model.max_new_tokens
    counts = _active_counts(grid, configurations, model.num_blocks)
    drop_order: Sequence[int] = ()
    if min(counts) < model.num_blocks:
        drop_order = _drop_order(settings, before, model, questions, max_new_tokens, say)
    identity = StoreIdentity(
        model={"identity": model.identity, "family": model.family},
        data={"name": questions.name, "metric": questions.metric, "identity": questions.identity},
        machine=machine_facts(str(model.device), model.dtype, settings.num_threads),
        knobs={
            "names": grid.names,
            "values": grid.values,
            "configurations": configurations,
            "drop_order": drop_order,
            "max_new_tokens": max_new_tokens,
            "num_runs_per_sample": settings.num_runs_per_sample,
            "reference_samples": len(reference),
            "latency_source": _latency_source(settings),
        },
    )
    return StoreContents(
        identity=identity,
        grid=grid,
        configurations=configurations,
        keys=keys,
        questions=tuple(question.question for question in questions.questions),
        reference=reference,
        num_blocks=model.num_blocks,
        active_blocks=_active_blocks(model, counts, drop_order),
        crops={str(tier): model.crops(str(tier)) for tier in grid.values[0]},
        settings=_recorded(settings),
    )


def _recorded(settings: MeasuringSettings) -> dict[str, Any]:
    """What is to be given again to open the store, where it is not told by what the store is of."""
    given = to_flat(settings)
    paths = {name: shown_path(Path(given[name])) for name in ("model_path", "dataset")}
    return {name: given[name] for name in RECORDED} | paths


def _configurations(
    settings: MeasuringSettings, before: StoreContents | None, grid: KnobGrid
) -> tuple[KnobGrid, tuple[int, ...]]:
    """The grid of all values that are measured, as a profile of them has it, and which of it are."""
    if own := _takes_its_own(settings, before):
        return own.grid, own.configurations
    file = Path(settings.configurations) if settings.configurations else None
    return choose_configurations(grid, file, settings.max_configurations)


def _active_counts(grid: KnobGrid, configurations: Sequence[int], num_blocks: int) -> list[int]:
    """How many blocks run under any of the configurations, and all of them."""
    if "num_active_blocks" not in grid.names:
        return [num_blocks]
    knob = grid.names.index("num_active_blocks")
    return sorted({int(grid.configurations[index][knob]) for index in configurations} | {num_blocks})


def _drop_order(
    settings: MeasuringSettings,
    before: StoreContents | None,
    model: VisionLanguageModel,
    questions: QuestionSet,
    max_new_tokens: int,
    say: Say,
) -> tuple[int, ...]:
    """In which order blocks are left out: as given, as before, as the output's or the model's folder says, or found.

    A new store keeps it in files of its own.
    """
    if before and settings.importance is None:
        return tuple(before.identity.knobs["drop_order"])
    folder = Path(settings.output)
    own, of_model = folder / IMPORTANCE_FILE, Path(settings.model_path)
    beside = [own, of_model / IMPORTANCE_FILE, of_model / SCORES_FILE]
    given = [Path(settings.importance)] if settings.importance else [file for file in beside if file.exists()]
    if not before:
        make_folder(folder, f"--output {folder}")
    if not given:
        say(
            f"finding in which order blocks are left out, on {settings.importance_samples} training questions; with "
            "--importance FILE it is known"
        )
        with device_lock(str(model.device), _told_once(say, model)):
            if not own.exists():  # since another process may have found it while this one waited
                samples = reference_samples([one.key for one in questions.questions], settings.importance_samples)
                find_importance(model, questions, samples, max_new_tokens, folder)
        given = [own]
    say(f"blocks are left out in the order of {shown_path(given[0])}")
    order = read_importance(given[0], model.num_blocks, model.fixed_blocks)
    if not before and given[0] != own:
        write_importance(folder, order, {"from": shown_path(given[0])})
    return order


def _active_blocks(
    model: VisionLanguageModel, counts: Sequence[int], drop_order: Sequence[int]
) -> dict[int, tuple[int, ...]]:
    """Those that run, by how many there are."""
    most = model.num_blocks - min(counts)
    if len(drop_order) < most:
        raise UserError(
            f"--model_path {model.path}: the order in which its blocks are left out names {len(drop_order)}, and "
            f"num_active_blocks {min(counts)} leaves out {most}; give --importance with so many, or more active blocks"
        )
    return {count: tuple(model.active_blocks(count, drop_order)) for count in counts}


def _latency_source(settings: MeasuringSettings) -> str:
    if settings.latency_profile is None:
        return MEASURED
    return f"profile {read_profile(Path(settings.latency_profile)).fingerprint}"


def _require_same(store: MeasuredStore, identity: StoreIdentity, accept_other: bool, say: Say) -> None:
    differences = store.contents.identity.differences(identity)
    if not differences:
        return
    what = f"{store.folder}: this store is of something else: {'; '.join(differences)}"
    if not accept_other:
        raise UserError(f"{what}; give another folder, or go on with it all the same: --accept_other_store")
    say(what)
