"""Proposals: drawn from (seed, number) over the record, on disk before they are handed out, adopted after a crash."""

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from made_up_sweep import write_sweep
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from ray.tune.utils.util import flatten_dict

from results.files.atomic_write import write_json
from results.record.settings_file import read_settings
from results.record.space import write_space
from results.record.sweeps import read_sweep, write_sweep_file
from results.record.trial.failures import Failure, write_failure
from results.record.trial.log import TrialLog, write_params
from results.record.trial.proposals import Proposal
from search_spaces.reading.searched import SearchSpace
from trainable import contract
from tune.cluster.allotment import Allotment
from tune.engine import searcher as searcher_module
from tune.engine.rounds import Round
from tune.engine.searcher import RecordedSearch, gave_up
from tune.sampling.names import TPE
from tune.sampling.proposing import Search, propose
from tune.sampling.samplers import ChosenSampler
from tune.sampling.told import ToldTrial
from tune.searching.caps import Caps
from tune.searching.promotion import PromotingASHA
from tune.searching.spending import Spending

SPACE = {"target": FloatDistribution(0.0, 1.0), "rate": FloatDistribution(0.05, 1.0, log=True)}
FIRST = {"target": 2.0, "rate": 0.1}  # a target outside the space, as starting values may be
METRIC, EPOCHS = "Val/Height", 3
NO_CAPS = Caps()


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return begin(tmp_path, seed=0)


def begin(folder: Path, seed: int) -> Path:
    write_sweep(folder, [], metric=METRIC, mode="max", num_epochs=EPOCHS, num_samples=10, seed=seed)
    write_space(folder, SPACE)
    return folder


def searcher(sweep: Path, reach: float = math.inf, say: Callable[[str], object] = print) -> RecordedSearch:
    """One that refuses what goes beyond a reach."""

    def why_refused(hyperparameters: Mapping[str, Any]) -> str:
        together = hyperparameters["target"] + hyperparameters["rate"]
        return f"{together:.3f} is out of reach" if together > reach else ""

    return searching(sweep, FIRST, why_refused, say)


def searching(
    sweep: Path,
    first: Mapping[str, Any],
    why_refused: Callable[[Mapping[str, Any]], str] = lambda hyperparameters: "",
    say: Callable[[str], object] = print,
    replicates: Sequence[Mapping[str, Any]] = (),
    caps: Caps = NO_CAPS,
) -> RecordedSearch:
    """A search of a sweep as its record has left it: trials pause after their second epoch."""
    record = read_sweep(sweep)
    asha = PromotingASHA(record.objective, EPOCHS, grace_period=2, reduction_factor=2)
    asha.follow(record.search_trials)

    space = SearchSpace(record.space)
    search = Search(space, record.objective, record.settings["seed"], first, ChosenSampler(TPE))

    def drawn(number: int, told: Sequence[ToldTrial], refused: Sequence[Mapping[str, Any]]) -> Proposal | None:
        return propose(search, number, told, refused)

    def wanted() -> Sequence[Mapping[str, Any]]:
        return replicates[len(read_sweep(sweep).replicates) :]

    def num_rows() -> int:
        return sum(len(trial.rows) for trial in read_sweep(sweep).trials)

    spending = Spending(record, caps, None, lambda: 0.0)
    alone = Round(Allotment(1.0, 0.0))
    return RecordedSearch(record, drawn, why_refused, wanted, asha, num_rows, spending, lambda: 100, alone, say)


def height(config: dict[str, Any], epoch: int) -> float:
    return 1.0 - (config["target"] - 0.7) ** 2 - 0.1 / epoch


def proposal(search: RecordedSearch, ray_id: str) -> dict[str, Any]:
    config = None
    while config is None:  # as Ray asks until there is one
        config = search.suggest(ray_id)
    assert isinstance(config, dict)
    return config


def run_trial(sweep: Path, search: RecordedSearch, ray_id: str, epochs: int = EPOCHS) -> dict[str, Any]:
    """What a sweep does with a proposal: rows to the record and to the searcher, then its end."""
    config = proposal(search, ray_id)
    folder = sweep / contract.trial_folder_name(search.number_of(ray_id))
    log = TrialLog(folder)
    for epoch in range(1, epochs + 1):
        row = {contract.EPOCH: epoch, METRIC: height(config, epoch), "done": epoch == epochs, contract.ARRIVAL: epoch}
        log.append(row)
        if epoch < epochs:
            search.on_trial_result(ray_id, row)
    (folder / contract.checkpoint_folder_name(epochs)).mkdir()
    search.on_trial_complete(ray_id, row)
    return config


def states(search: RecordedSearch) -> list[str]:
    return [str(trial.state) for trial in search.told]


def test_the_first_proposal_is_the_starting_values(sweep: Path) -> None:
    assert searcher(sweep).suggest("x") == FIRST


def test_a_restarted_searcher_proposes_what_an_uninterrupted_one_would(sweep: Path, tmp_path_factory: Any) -> None:
    uninterrupted = searcher(sweep)
    wanted = [run_trial(sweep, uninterrupted, f"a{number}", epochs=2 + number % 2) for number in range(9)]

    other = begin(tmp_path_factory.mktemp("other"), seed=0)
    got = [run_trial(other, searcher(other), f"b{number}", epochs=2 + number % 2) for number in range(9)]

    assert got == wanted


def test_proposals_are_those_of_the_sweeps_that_were_begun_before(sweep: Path) -> None:
    """Of the first version, which subclassed Ray's OptunaSearch: trial 2 is a random one, 7 and 8 are TPE's."""
    search = searcher(sweep)
    proposed = [run_trial(sweep, search, f"a{number}", epochs=2 + number % 2) for number in range(9)]
    assert proposed[2] == pytest.approx({"target": 0.8852714752954074, "rate": 0.8773344910934219})
    assert proposed[7] == pytest.approx({"target": 0.2567636087477968, "rate": 0.970365534584359})
    assert proposed[8] == pytest.approx({"target": 0.49349638186486644, "rate": 0.05291906301983654})


def test_another_seed_proposes_other_trials(sweep: Path, tmp_path_factory: Any) -> None:
    other = begin(tmp_path_factory.mktemp("other"), seed=1)
    run_trial(sweep, searcher(sweep), "a")
    run_trial(other, searcher(other), "a")
    assert searcher(sweep).suggest("b") != searcher(other).suggest("b")


def test_a_proposal_that_never_ran_is_the_next_trial_after_a_crash(sweep: Path) -> None:
    before = searcher(sweep)
    run_trial(sweep, before, "a")
    proposed = before.suggest("b")
    after = searcher(sweep)
    assert after.suggest("c") == proposed
    assert after.number_of("c") == 1
    assert states(after) == ["completed", "running"]


def test_a_proposal_is_on_disk_before_it_is_handed_out(sweep: Path) -> None:
    proposed = searcher(sweep).suggest("a")
    assert json.loads((sweep / "trial_00000" / "params.json").read_text(encoding="utf-8")) == proposed


def test_a_trial_whose_folder_was_removed_stays_away_and_the_others_keep_their_numbers(sweep: Path) -> None:
    search = searcher(sweep)
    for number in range(3):
        run_trial(sweep, search, f"a{number}")
    unfinished = search.suggest("a3")
    shutil.rmtree(sweep / "trial_00001")
    after = searcher(sweep)
    assert read_sweep(sweep).missing == [1]
    assert after.suggest("b") == unfinished
    run_trial(sweep, after, "c")
    assert [after.number_of(ray_id) for ray_id in ("b", "c")] == [3, 4]
    assert states(after) == ["completed", "completed", "running", "completed"]
    shutil.rmtree(sweep / "trial_00004")  # the last: under its number, W&B would take another training for the same run
    last = searcher(sweep)
    for ray_id in ("d", "e"):
        last.suggest(ray_id)
    assert last.number_of("e") == 5


def test_of_a_confirming_sweep_a_removed_trial_is_proposed_by_nobody(sweep: Path) -> None:
    file = sweep / "sweep.yaml"
    write_sweep_file(sweep, read_settings(file) | {"confirm": "search", "num_samples": 2})
    write_params(sweep / "trial_00000", FIRST)
    record = read_sweep(sweep)
    assert record.missing == [1]
    search = searcher(sweep)
    assert search.suggest("a") == FIRST
    search.on_trial_complete("a", {contract.EPOCH: 1, METRIC: 0.5, "done": True})
    assert search.suggest("b") == "FINISHED"


def test_a_sampler_is_told_the_best_epoch_live_and_from_the_record(sweep: Path) -> None:
    search = searcher(sweep)
    run_trial(sweep, search, "a")
    stopped = run_trial(sweep, search, "b", epochs=1)
    for source in (search, searcher(sweep)):
        assert states(source) == ["completed", "stopped"]
        assert [told.epochs for told in source.told] == [3, 1]
        bests = [told.best[METRIC] for told in source.told if told.best]
        assert bests == [height(FIRST, 3), height(stopped, 1)]


def test_a_trial_that_diverged_or_failed_after_some_epochs_is_told_as_failed_and_proposals_go_on(sweep: Path) -> None:
    search = searcher(sweep)
    search.suggest("a")
    row = {contract.EPOCH: 1, METRIC: 0.5, contract.ARRIVAL: 0}
    TrialLog(sweep / "trial_00000").append(row)
    search.on_trial_result("a", row)
    write_failure(sweep / "trial_00000", Failure(contract.DIVERGED, 2, "loss is nan"))
    # As Ray tells a searcher of a result that holds {"failure": {"kind": ...}}.
    search.on_trial_complete("a", flatten_dict({contract.EPOCH: 1, "failure": {"kind": "diverged"}, "done": True}))
    assert states(search) == states(searcher(sweep)) == ["failed"]
    assert search.suggest("b")


TARGET, RATE = SPACE["target"], SPACE["rate"]


@pytest.mark.parametrize(
    ("before", "starting_values", "after"),
    [
        pytest.param({"target": TARGET}, {"target": -1.0}, {"target": TARGET}, id="a start outside of the range"),
        pytest.param({"target": RATE}, {"target": -1.0}, {"target": RATE}, id="a start without a logarithm"),
        pytest.param(
            {"target": CategoricalDistribution([0.2, 0.8])},
            {"target": 0.5},
            {"target": CategoricalDistribution([0.2, 0.8])},
            id="a start among no choices",
        ),
        pytest.param({"target": TARGET}, {"target": 0.1}, {"target": FloatDistribution(0.6, 0.7)}, id="narrowed"),
        pytest.param(
            {"target": CategoricalDistribution([0, 1, None, True, "far", [1, 2]])},
            {"target": 0},
            {"target": CategoricalDistribution([1, "far"])},
            id="choices removed",
        ),
        pytest.param({"target": TARGET}, {"target": 0.0}, SPACE, id="a dimension added"),
        pytest.param(SPACE, FIRST, {"target": TARGET}, id="a dimension removed"),
        pytest.param(
            {"target": TARGET}, {"target": 0.5}, {"target": CategoricalDistribution([0.5, "far"])}, id="now choices"
        ),
        pytest.param(
            {"target": CategoricalDistribution([None, "far", 0.5])},
            {"target": None},
            {"target": TARGET},
            id="now a range",
        ),
        pytest.param({"target": TARGET}, {"target": 0.0}, {"target": RATE}, id="now logarithmic"),
        pytest.param({"target": RATE}, {"target": 0.1}, {"target": TARGET}, id="logarithmic no more"),
        pytest.param({"target": TARGET}, {"target": 0.5}, {"target": FloatDistribution(0, 1, step=0.25)}, id="stepped"),
        pytest.param({"target": TARGET}, {"target": 0.5}, {"target": IntDistribution(0, 1)}, id="now whole numbers"),
    ],
)
def test_what_lies_outside_of_the_present_space_goes_on_and_is_not_learnt_from(
    sweep: Path,
    before: dict[str, BaseDistribution],
    starting_values: dict[str, Any],
    after: dict[str, BaseDistribution],
) -> None:
    def searched(space: dict[str, BaseDistribution]) -> RecordedSearch:
        write_space(sweep, space)
        return searching(sweep, starting_values)

    first = searched(before)
    recorded = [first.suggest(f"a{number}") for number in range(8)]
    assert recorded[0] == starting_values
    for number in range(7):
        folder = sweep / contract.trial_folder_name(number)
        TrialLog(folder).append({contract.EPOCH: 1, METRIC: number / 10, "done": number != 3, contract.ARRIVAL: number})
        (folder / contract.checkpoint_folder_name(1)).mkdir()

    resumed = searched(after)
    goes_on = [resumed.suggest("b"), resumed.suggest("c")]
    proposed = resumed.suggest("d")

    assert goes_on == [recorded[3], recorded[7]]
    assert isinstance(proposed, dict)
    assert proposed.keys() == after.keys()


def test_trials_whose_best_lie_at_a_border_go_on_as_far_as_they_are_to(sweep: Path) -> None:
    """The best target is .7: TPE by itself proposes beyond the border until the sweep gives up."""
    said: list[str] = []
    search = searcher(sweep, reach=0.6, say=said.append)
    proposed = [run_trial(sweep, search, f"a{number}") for number in range(10)]

    assert all(config["target"] + config["rate"] <= 0.6 for config in proposed[1:])
    record = read_sweep(sweep)
    assert len(record.trials) == 10
    assert [len(said), said[0]] == [
        1,
        f"trial 1: a proposal is refused and drawn again: {record.refusals[0].reason}",
    ]
    assert all(refusal.hyperparameters.keys() == SPACE.keys() for refusal in record.refusals)


def test_a_sweep_that_is_killed_amid_refusals_proposes_what_its_twin_does_and_records_each_once(
    sweep: Path, tmp_path_factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninterrupted = searcher(sweep, reach=0.6)
    wanted = [run_trial(sweep, uninterrupted, f"a{number}") for number in range(7)]
    wanted += [proposal(uninterrupted, "a7"), proposal(uninterrupted, "a8")]

    other = begin(tmp_path_factory.mktemp("other"), seed=0)
    before = searcher(other, reach=0.6)
    got = [run_trial(other, before, f"b{number}") for number in range(7)]
    got.append(proposal(before, "b7"))
    monkeypatch.setattr(searcher_module, "SECONDS_OF_DRAWING", 0)  # while trial 7 runs, after each refusal
    while True:
        search = searcher(other, reach=0.6)
        assert search.suggest("b7") == got[7]
        if search.suggest("b8"):
            break
    shutil.rmtree(other / "trial_00008")  # killed once more, before the trial was written
    write_json(other / contract.PROPOSED_FILE, {"trials": 8})
    search = searcher(other, reach=0.6)
    search.suggest("b7")
    got.append(proposal(search, "b8"))

    assert got == wanted
    refusals = read_sweep(other).refusals
    assert refusals == read_sweep(sweep).refusals
    assert sum(refusal.number == 8 for refusal in refusals) > 3


def test_a_sweep_gives_up_where_too_many_in_a_row_are_refused_and_goes_on_in_a_mended_space(
    sweep: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searcher_module, "MOST_REFUSED_IN_A_ROW", 12)
    search = searcher(sweep, reach=0.01)
    run_trial(sweep, search, "a")
    assert search.suggest("b") == "FINISHED"
    record = read_sweep(sweep)
    assert gave_up(record)
    assert [refusal.attempt for refusal in record.refusals] == list(range(12))
    assert states(search) == ["completed"]

    write_space(sweep, SPACE | {"target": FloatDistribution(-2.0, -1.0)})
    mended = searcher(sweep, reach=0.01)
    run_trial(sweep, mended, "c")
    assert not gave_up(read_sweep(sweep))
    assert states(mended) == ["completed", "completed"]


def test_a_recorded_trial_goes_on_though_it_would_be_refused_by_now(sweep: Path) -> None:
    before = searcher(sweep)
    run_trial(sweep, before, "a")
    unfinished = before.suggest("b")
    assert searcher(sweep, reach=0).suggest("c") == unfinished


def pause(sweep: Path, search: RecordedSearch, ray_id: str) -> None:
    """Two epochs, after which the trial pauses."""
    number = search.number_of(ray_id)
    config, log = search.told[number].config, TrialLog(sweep / contract.trial_folder_name(number))
    for epoch in (1, 2):
        row = {contract.EPOCH: epoch, METRIC: height(dict(config), epoch), contract.ARRIVAL: 2 * number + epoch}
        log.append(row | {contract.CHECKPOINTED: False} | ({contract.PAUSED: contract.RUNG} if epoch == 2 else {}))
        assert search._asha
        search._asha.reaches_rung(number, row)
        search.on_trial_result(ray_id, row)
    search.on_trial_complete(ray_id, log.rows[-1])


def test_the_best_paused_trial_goes_on_under_another_id_before_a_new_one_begins_and_that_is_recorded(
    sweep: Path,
) -> None:
    search = searcher(sweep)
    run_trial(sweep, search, "first")
    configs = [search.suggest(f"a{number}") for number in (1, 2)]
    for ray_id in ("a1", "a2"):
        pause(sweep, search, ray_id)
    best = max((1, 2), key=lambda number: height(configs[number - 1], 2))
    assert search.suggest("b") == configs[best - 1]
    assert search.number_of("b") == best
    assert [(one.epoch, one.arrival) for one in read_sweep(sweep).trials[best].promotions] == [(2, 7)]
    after = searcher(sweep)
    assert after.suggest("c") == configs[best - 1]  # killed before the trial did another epoch
    assert after.number_of("c") == best


def test_it_says_not_yet_while_a_promotion_may_come_and_that_it_is_over_when_none_can(sweep: Path) -> None:
    search = searcher(sweep)
    for number in range(10):
        search.suggest(f"a{number}")
    assert search.suggest("b") is None
    for number in range(10):
        pause(sweep, search, f"a{number}")
    promoted = []
    while isinstance(config := search.suggest(f"c{len(promoted)}"), dict):
        promoted.append(config)
    assert len(promoted) == 5
    assert config is None
    for index in range(5):
        search.on_trial_complete(f"c{index}", {contract.EPOCH: 3, METRIC: 0.1, "done": True})
    assert search.suggest("d") == "FINISHED"


def test_replicates_come_when_the_search_is_over_and_are_counted_apart(sweep: Path) -> None:
    write_sweep_file(sweep, read_settings(sweep / "sweep.yaml") | {"num_samples": 2})
    replicates = [{**FIRST, contract.SEED: 1}, {"target": 0.5, "rate": 0.5, contract.SEED: 1}]
    search = searching(sweep, FIRST, replicates=replicates)
    assert search.suggest("a")
    config = search.suggest("b")
    assert search.suggest("c") is None
    for ray_id in "ab":
        search.on_trial_complete(ray_id, {contract.EPOCH: 3, METRIC: 0.1, "done": True})
    assert [search.suggest("d"), search.suggest("e")] == replicates
    assert [search.is_replicate(number) for number in range(4)] == [False, False, True, True]
    assert len(search.told) == 2

    write_sweep_file(sweep, read_settings(sweep / "sweep.yaml") | {"num_samples": 3})
    extended = searching(sweep, FIRST, replicates=replicates)
    assert [extended.suggest(ray_id) for ray_id in "fghi"] == [FIRST, config, *replicates]  # none had ended
    proposed = extended.suggest("j")
    assert extended.number_of("j") == 4
    record = read_sweep(sweep)
    assert (record.num_proposals, record.proposal_number(4), sorted(record.replicate_numbers)) == (3, 2, [2, 3])
    twin = begin(sweep / "twin", seed=0)
    search = searcher(twin)
    assert [search.suggest("a"), search.suggest("b"), search.suggest("c")] == [FIRST, config, proposed]
