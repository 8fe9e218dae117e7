"""One trial's TensorBoard events, written from its record: the contract's tags, the epoch as step, samples, HParams."""

import html
import os
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter

from results.listing.formatting import shown_sample
from results.record.space import Space, ends
from results.record.sweeps import SweepRecord
from results.record.trial.log import NO_SAMPLES, Sample, read_samples
from results.record.trial.record import read_trial
from results.record.trial.view_marks import mark_complete
from trainable import contract
from trainable.contract import TrialStatus
from trainable.ranking import Objective, Row
from trainable.system_errors import writing

VIEW = "tensorboard"
SCORE_TAG = "Score"
"""The objective at the best epoch so far, and so at the end the trial's score; what the HParams tab compares."""


class _Kind(NamedTuple):
    """How TensorBoard stores a type."""

    data_type: Any
    field: str


_NUMBER, _TEXT = _Kind(api_pb2.DATA_TYPE_FLOAT64, "number_value"), _Kind(api_pb2.DATA_TYPE_STRING, "string_value")
_KINDS = {int: _NUMBER, float: _NUMBER, bool: _Kind(api_pb2.DATA_TYPE_BOOL, "bool_value"), str: _TEXT}


class TrialEvents:
    """The events of one trial. Opening it replaces what lies there, so the curve is one and whole after a resume.

    Its file is open while something is written, and no longer: a sweep has thousands of trials that may go on.
    """

    def __init__(
        self, folder: Path, config: Mapping[str, Any], objective: Objective, space: Space, group: str = ""
    ) -> None:
        """Begin the trial's events.

        Args:
            space: what is searched; each of it is a column beside the curves and in the HParams tab.
            group: trials of one group are one line of the HParams tab, with the mean of their scores.
        """
        self._file, self._objective = _new_file(folder), objective
        self._epochs = 0
        self._best: Row | None = None
        self._unwritten: list[bytes] = []
        with writing(self._file):
            _discard_events(folder)
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        self._write(Event(wall_time=0, step=1, session_log=SessionLog(status=SessionLog.START)))
        values = {name: _plain(value) for name, value in config.items() if value is not None}
        self._write_hparams(metadata.EXPERIMENT_TAG, experiment=_experiment(values, objective.metric, space))
        start = plugin_data_pb2.SessionStartInfo(group_name=group)
        for name, value in values.items():
            setattr(start.hparams[name], _KINDS[type(value)].field, value)
        self._write_hparams(metadata.SESSION_START_INFO_TAG, session_start_info=start)
        self._flush()

    def append(self, rows: Iterable[Row], samples: Mapping[int, Sequence[Sample]] = NO_SAMPLES) -> None:
        """Write epochs that are not there yet.

        Args:
            samples: what the run showed, by epoch.
        """
        for row in rows:
            if row[contract.EPOCH] == self._epochs + 1:
                self._epochs += 1
                self._best = self._objective.better(self._best, self._objective.ranked_by(row))
                shown = {name: value for name, value in row.items() if contract.is_metric(name)}
                if self._best:
                    shown[SCORE_TAG] = self._best[self._objective.metric]
                summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in shown.items()])
                if samples.get(self._epochs):
                    summary.MergeFrom(text_pb(contract.SAMPLES, _table(samples[self._epochs])))
                self._write(Event(wall_time=row["timestamp"], step=self._epochs, summary=summary))
        self._flush()

    def close(self, status: TrialStatus) -> None:
        """Say how the trial ended, and mark the view as whole.

        Args:
            status: as `TrialRecord.status` has it. A trial that may go on is left without one, since TensorBoard
                keeps the first that it reads.
        """
        if status not in (TrialStatus.UNFINISHED, TrialStatus.PAUSED):
            failed = status in (TrialStatus.FAILED, TrialStatus.DIVERGED)
            end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS)
            self._write_hparams(metadata.SESSION_END_INFO_TAG, session_end_info=end)
        self._flush()
        mark_complete(self._file.parent, VIEW, self._epochs)

    def _write_hparams(self, tag: str, **content: Any) -> None:
        about = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(**content))
        value = Summary.Value(tag=tag, metadata=about, tensor=metadata.NULL_TENSOR)
        self._write(Event(wall_time=0, summary=Summary(value=[value])))

    def _write(self, event: Event) -> None:
        self._unwritten.append(event.SerializeToString())

    def _flush(self) -> None:
        # Not TensorBoard's EventFileWriter: its thread would print what the writing raises, such as a full disk.
        with writing(self._file), self._file.open("ab") as file:
            writer = RecordWriter(file)
            for event in self._unwritten:
                writer.write(event)
        self._unwritten.clear()


def _new_file(folder: Path) -> Path:
    """By a name of its own, as TensorBoard reads the files of a folder in the order of their names."""
    now_ns = time.time_ns()
    return folder / f"events.out.tfevents.{now_ns // 10**9:010d}.{socket.gethostname()}.{os.getpid()}.{now_ns}"


def _discard_events(folder: Path) -> None:
    """Empty what lies there; remove what was emptied before.

    A TensorBoard that watches goes on to the next file when one has nothing more, but not when it is gone, where it
    lacks its fast loader (Windows, ARM). Told of a new start, that one forgets the steps that it has read.
    """
    for stale in folder.glob("events.out.tfevents.*"):
        if stale.stat().st_size:
            os.truncate(stale, 0)
        else:
            stale.unlink()


def open_events(sweep: SweepRecord, number: int) -> TrialEvents:
    """The events of a sweep's trial of that number, with its rows so far; fresh seeds of one setting are one group."""
    trial = read_trial(sweep.folder, number)
    setting = ", ".join(f"{name} {value}" for name, value in trial.setting.items())
    group = f"{sweep.name}: {setting}" if sweep.job_type_of(trial) == "confirm" else ""
    events = TrialEvents(trial.folder, trial.setting, sweep.objective, sweep.space, group)
    events.append(trial.rows, read_samples(trial.folder))
    return events


def _table(samples: Sequence[Sample]) -> str:
    """Samples as the text tab shows them: in HTML, since in a table of its Markdown much of a text would be markup."""
    names = "".join(f"<th>{html.escape(name)}</th>" for name in samples[0])
    rows = ("".join(f"<td>{_cell(value)}</td>" for value in sample.values()) for sample in samples)
    return f"<table><tr>{names}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _cell(value: str | float) -> str:
    return html.escape(shown_sample(value)).replace("\n", "<br>")


def _experiment(values: Mapping[str, Any], metric: str, space: Space) -> Any:
    """What the HParams tab shows: every hyperparameter of the sweep, those too that this trial lacks, and the score.

    TensorBoard reads it from whichever trial comes first, so each has the same.
    """
    hyperparameters = [_hyperparameter(name, values, space) for name in dict.fromkeys([*space, *values])]
    about_score = f"{metric} at the trial's best epoch"
    metrics = [api_pb2.MetricInfo(name=api_pb2.MetricName(tag=SCORE_TAG), description=about_score)]
    return api_pb2.Experiment(hparam_infos=hyperparameters, metric_infos=metrics)


def _hyperparameter(name: str, values: Mapping[str, Any], space: Space) -> Any:
    searched = space.get(name)
    possible = [_plain(value) for value in ends(searched)] if searched else [values[name]]
    kinds = {_KINDS[type(value)] for value in possible}
    kind = kinds.pop() if len(kinds) == 1 else _TEXT  # as TensorBoard decides where it is not told
    info = api_pb2.HParamInfo(name=name, type=kind.data_type, differs=searched is not None)
    if kind is not _NUMBER:
        info.domain_discrete.extend(possible)
    elif searched:  # without a range, the list of runs beside the curves has no filter by it
        info.domain_interval.min_value, info.domain_interval.max_value = min(possible), max(possible)
    return info


def _plain(value: Any) -> bool | float | str:
    """A hyperparameter as TensorBoard can hold it."""
    return value if type(value) in _KINDS else str(value)
