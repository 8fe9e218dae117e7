"""How many epochs does a search need? Searches of many methods, played over recorded training curves.

    python benchmarks/search_efficiency.py play --output my_results.jsonl
    python benchmarks/search_efficiency.py tables my_results.jsonl --picture regret.svg

`play` adds one line a search to its output and leaves out what is there, so that more repetitions, or another seed,
can be added. `tables` without a file shows the recorded results. The curves, and the landscapes that are made of them,
lie in benchmarks/data: `record` trains curves, `fit` makes a landscape of them, `verify` trains its best settings under
fresh seeds and says whether it kept what it promised, and `luck` whether seeds matter as much as they do in the curves.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"
PROFILE, SPACES = "digit_vqa", ("joint_controller", "wide")
AT, AFTERWARDS = 480, 570
"""Epochs of a search, and with those of replicating its three finalists once."""
SHOWN_AT = (60, 120, 240)
REPETITIONS = 160
NUM_EPOCHS = 30
FLATTERED = (5, 10, 20, 36)


def play(wanted: argparse.Namespace) -> None:
    """Add what is not yet in the output, a search at a time."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from search.landscape import read_landscape
    from search.methods import METHODS
    from search.outcomes import as_line, play, quiet, read_outcomes

    if unknown := sorted({*wanted.methods} - {*METHODS}):
        sys.exit(f"no method {unknown[0]!r}; there are: {', '.join(METHODS)}")
    quiet()
    there = read_outcomes([wanted.output]) if wanted.output.exists() else []
    done = {(one.profile, one.space, one.method, one.seed) for one in there}
    landscapes = {space: read_landscape(wanted.profile, space) for space in wanted.space}
    todo = [
        (space, method, seed)
        for method in wanted.methods or METHODS
        for space in wanted.space
        for seed in range(wanted.seed, wanted.seed + wanted.repetitions)
        if (wanted.profile, space, method, seed) not in done
    ]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress, wanted.output.open("a", encoding="utf-8") as output:
        bar = progress.add_task("", total=len(todo))
        for space, method, seed in todo:
            progress.update(bar, description=f"{space}: {method}")
            output.write(as_line(play(landscapes[space], method, seed, wanted.budget, wanted.replicate_at)))
            output.flush()
            progress.advance(bar)


def tables(wanted: argparse.Namespace) -> None:
    from search.outcomes import read_outcomes
    from search.picture import draw
    from search.tables import by_method, regret_table, replication_table, target_table

    outcomes = read_outcomes(wanted.outcomes or sorted(DATA.glob("search_results*.jsonl*")))
    panels = {}
    for one in outcomes:
        panels.setdefault((one.profile, one.space, one.replicated_at), []).append(one)
    for (profile, space, end), of_panel in panels.items():
        methods = by_method(of_panel)
        print(f"## {space} on {profile}, {end} epochs (best quality {of_panel[0].best:.4f})\n")
        for table in (
            target_table(methods, AT, AFTERWARDS) if end == AT else [],
            regret_table(methods, [*(epochs for epochs in SHOWN_AT if epochs < end), end]),
            replication_table(methods),
        ):
            if table:
                print("\n".join(table), end="\n\n")
    if wanted.picture:
        longest = max(end for _, _, end in panels)
        shown = {key: by_method(of_panel) for key, of_panel in panels.items() if key[-1] == longest}
        draw({f"{space}, {profile}": methods for (profile, space, _), methods in shown.items()}, wanted.picture)


def record(wanted: argparse.Namespace) -> None:
    from search.curves import Origin, curves_file
    from search.recording import HOW, METRIC, record, trainer
    from search.starting import starting_values

    from search_spaces.choose import load_space

    for space in wanted.space:
        distributions = load_space(space).distributions
        train, fingerprint = trainer(profile_folder(wanted.profile), NUM_EPOCHS)
        origin = Origin(wanted.profile, space, METRIC, NUM_EPOCHS, fingerprint, HOW)
        file, start = curves_file(wanted.profile, space), starting_values(distributions)
        show(record(file, origin, distributions, start, wanted.settings, train))


def fit(wanted: argparse.Namespace) -> None:
    from search.curves import curves_file, read_recording
    from search.fitting import fit
    from search.landscape import fit_file, write_fit
    from search.starting import starting_values

    from search_spaces.choose import load_space

    for space in wanted.space:
        distributions = load_space(space).distributions
        found = fit(read_recording(curves_file(wanted.profile, space)), distributions, starting_values(distributions))
        write_fit(found, fit_file(wanted.profile, space))
        print(f"{space}: best quality {found.best_quality:.4f} at {found.best_config}; starting values "
              f"{found.start_quality:.4f}")  # fmt: skip


def verify(wanted: argparse.Namespace) -> None:
    """Print what was promised and found; `--add` puts the curves into the recording, for the next fit."""
    from search.curves import RecordedSetting, curves_file, read_recording, write_recording
    from search.fitting import best_points
    from search.landscape import read_landscape
    from search.recording import apart, check_promises, fresh_seeds, trainer

    for space in wanted.space:
        landscape = read_landscape(wanted.profile, space)
        tops = apart(best_points(landscape)[0], wanted.tops)
        train, _ = trainer(profile_folder(wanted.profile), NUM_EPOCHS)
        file = curves_file(wanted.profile, space)
        recording = read_recording(file)
        for promise in check_promises(landscape, tops, fresh_seeds(recording, wanted.seeds), train):
            found = sum(promise.found) / len(promise.found)
            print(
                f"{space}: promised {promise.promised:.4f}, found {found:.4f} ({promise.found}): {promise.config}",
                flush=True,
            )
            recording.settings.append(RecordedSetting(promise.config, promise.curves))
        if wanted.add:
            write_recording(recording, file)


def luck(wanted: argparse.Namespace) -> None:
    """Print by how much a best score flatters, by the recorded seeds alone and in the landscape."""
    from search.landscape import read_landscape
    from search.luck import flattery

    for space in wanted.space:
        for one in flattery(read_landscape(wanted.profile, space), FLATTERED):
            print(
                f"{space}: the best of {one.settings} settings is flattered by {one.recorded:.4f} as its other seeds "
                f"tell, by {one.in_landscape:.4f} in the landscape"
            )


def profile_folder(profile: str) -> Path:
    return DATA.parent.parent / "results" / "profiles" / profile


def show(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for do, what in (
        (play, "play searches"),
        (tables, "tables and the picture of what was played"),
        (record, "train the curves of a landscape"),
        (fit, "make a landscape of recorded curves"),
        (verify, "train the best settings of a landscape under fresh seeds"),
        (luck, "how much a best score flatters, recorded and in the landscape"),
    ):
        command = commands.add_parser(do.__name__, help=what, description=what)
        command.set_defaults(do=do)
        if do is not tables:
            command.add_argument("--profile", default=PROFILE, help=f"of results/profiles (default: {PROFILE})")
            command.add_argument("--space", nargs="+", default=SPACES, help=f"(default: {' '.join(SPACES)})")
    of_play, of_tables, of_record, _, of_verify, _ = commands.choices.values()
    of_play.add_argument("--methods", nargs="+", default=(), help="names as in the tables (default: all)")
    of_play.add_argument(
        "--repetitions", type=int, default=REPETITIONS, help=f"searches of each (default: {REPETITIONS})"
    )
    of_play.add_argument(
        "--seed", type=int, default=0, help="of the first repetition, the next ones follow (default: 0)"
    )
    of_play.add_argument("--budget", type=int, default=AFTERWARDS, help=f"epochs of a search (default: {AFTERWARDS})")
    of_play.add_argument(
        "--replicate_at", type=int, default=AT, help=f"epochs after which finalists are trained again (default: {AT})"
    )
    of_play.add_argument("--output", type=Path, required=True, help="file to which a line a search is added")
    of_tables.add_argument("outcomes", nargs="*", type=Path, help="outputs of play (default: the recorded ones)")
    of_tables.add_argument("--picture", type=Path, help="draw mean regret over epochs there, as SVG")
    of_record.add_argument("--settings", type=int, required=True, help="to record; half of them under two seeds")
    of_verify.add_argument("--tops", type=int, default=4, help="settings to train (default: 4)")
    of_verify.add_argument("--seeds", type=int, default=2, help="of each (default: 2)")
    of_verify.add_argument("--add", action="store_true", help="put the curves into the recording")
    wanted = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    wanted.do(wanted)


if __name__ == "__main__":
    main()
