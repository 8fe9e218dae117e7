"""Measure a vision-language model: accuracy and latency of every question under every configuration of its knobs.

python trainable/profile_model.py --model_path MODEL --dataset QUESTIONS --output results/profiles/mine

It can be stopped at any time, by whatever means: the same command goes on from there, and measures nothing twice.
"""

import argparse
import shlex
import sys
from pathlib import Path

if __name__ == "__main__":  # what lies beside this command, and not what an environment may hold of another checkout
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trainable.contract import shown_path
from trainable.flags import OneSentenceParser, add_flags, add_switch, require_given
from trainable.measuring.settings import MeasuringSettings
from trainable.settings_fields import built, given_in, require_usable_paths, typed_values
from trainable.system_errors import telling_how_to_go_on
from trainable.terminal.commands import command


@command("profile_model.py", interrupted="interrupted; the same command goes on from here")
def main(arguments: list[str]) -> int:
    """Measure; the exit status: 0 all well, 2 the user's mistake, 130 on Ctrl-C."""
    flags = vars(_parser().parse_args(arguments))
    reference_only, pack = (flags.pop(name, False) for name in ("reference_only", "pack"))
    require_given(MeasuringSettings, flags)
    with given_in("--", flags):
        settings = built(MeasuringSettings, *typed_values(flags, MeasuringSettings))
        require_usable_paths(settings)
        line = shlex.join(["python", "trainable/profile_model.py", *arguments])
        with telling_how_to_go_on(line):
            _measure(settings, reference_only, pack, line)
    return 0


def _parser() -> OneSentenceParser:
    parser = OneSentenceParser("profile_model.py", __doc__, argument_default=argparse.SUPPRESS)
    add_flags(parser, MeasuringSettings, "what is measured")
    add_switch(parser, "reference_only", "make the store and measure its reference samples, as a live run needs it")
    add_switch(parser, "pack", "compress the files at the end, to a tenth of their size")
    return parser


def _measure(settings: MeasuringSettings, reference_only: bool, pack: bool, line: str) -> None:
    print("Getting ready: the questions and the model", flush=True)  # whose imports take seconds: not before --help
    from trainable.measuring.preparing import out_of_memory_told, prepare_store
    from trainable.measuring.profiling import measure_all, summary
    from trainable.measuring.provenance import write_provenance

    with out_of_memory_told(settings):
        prepared = prepare_store(settings, line, print)
        store = prepared.meter.store
        if not reference_only and measure_all(prepared.meter, range(len(store.contents.keys)), "measuring"):
            write_provenance(store, line, prepared.features)
    if pack:
        store.pack()
    print(summary(store))
    folder = shlex.quote(shown_path(store.folder))
    if store.is_complete():
        print(f"Search hyperparameters on it: python tune/run_sweep.py --results_dir {folder}")
        return
    running = shlex.join(["--model_path", shown_path(Path(settings.model_path)), "--dataset", settings.dataset])
    print(
        f"Search hyperparameters against the running model: python tune/run_sweep.py --environment live {running} "
        f"--store {folder}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
