"""How often what `results/analysis/importance.py` calls beyond chance is so, in made-up sweeps.

    python benchmarks/importance.py > importance.md

Three hyperparameters are drawn at random, or proposed by Optuna's TPE as a sweep does; of these lr matters, or none.
Prints markdown: in how many of 100 sweeps lr stands out, and in how many one that does not matter. Beside it, the same
for a test by ranks, which knows only higher and lower: Mann-Whitney's U of the best quarter against the rest, with
Holm's correction.
"""

import argparse
import math
import random
import warnings
from collections.abc import Callable, Sequence

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from scipy.stats import mannwhitneyu

from results.analysis.importance import ALPHA, Observation, best_quarter, importance

SPACE = {
    "lr": FloatDistribution(1e-5, 1e-2, log=True),
    "group_size": IntDistribution(2, 32),
    "budget_penalty": FloatDistribution(0.1, 10.0, log=True),
}
NOISE = 0.25
"""Standard deviation, where the effect of lr reaches from 0 to 1."""
RANDOM_PROPOSALS = 6

Effect = Callable[[float], float]
EFFECTS: dict[str, Effect] = {
    "nothing matters": lambda share: 0.0,
    "the highest lr is best": lambda share: share,
    "an lr in the middle is best": lambda share: 1 - abs(2 * share - 1),
}
"""By where lr lies in its range, from 0 to 1."""


def sweep(trials: int, seed: int, effect: Effect, proposes: bool) -> list[Observation]:
    """A sweep whose settings TPE proposes, or nobody."""
    noise = random.Random(seed)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=RANDOM_PROPOSALS if proposes else trials)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    observed = []
    for _ in range(trials):
        trial = study.ask(SPACE)
        value = effect((math.log10(trial.params["lr"]) + 5) / 3) + noise.gauss(0, NOISE)
        study.tell(trial, value)
        observed.append(Observation(trial.params, value))
    return observed


def by_importance(observed: Sequence[Observation]) -> set[str]:
    return {hyperparameter.name for hyperparameter in importance(observed, SPACE).stand_out}


def by_ranks(observed: Sequence[Observation]) -> set[str]:
    best = set(best_quarter([observation.value for observation in observed]))

    def p(name: str) -> float:
        inside = [observation.setting[name] for index, observation in enumerate(observed) if index in best]
        outside = [observation.setting[name] for index, observation in enumerate(observed) if index not in best]
        return float(mannwhitneyu(inside, outside).pvalue)

    found: set[str] = set()
    for value, name in sorted((p(name), name) for name in SPACE):
        if value > ALPHA / (len(SPACE) - len(found)):
            break
        found.add(name)
    return found


def row(found: Sequence[set[str]]) -> str:
    matters, others = (sum(bool(names & one) for one in found) for names in ({"lr"}, set(SPACE) - {"lr"}))
    return f"{100 * matters / len(found):.0f} | {100 * others / len(found):.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweeps", type=int, default=400, help="for each row (default: %(default)s)")
    wanted = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")  # of Optuna, about what is experimental
    print("| settings | trials | | lr | another | lr, by ranks | another, by ranks |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for proposes in (False, True):
        for trials in (16, 32):
            for name, effect in EFFECTS.items():
                sweeps = [sweep(trials, seed, effect, proposes) for seed in range(wanted.sweeps)]
                columns = [row([judge(observed) for observed in sweeps]) for judge in (by_importance, by_ranks)]
                settings = "proposed" if proposes else "random"
                print(f"| {settings} | {trials} | {name} | {' | '.join(columns)} |", flush=True)


if __name__ == "__main__":
    main()
