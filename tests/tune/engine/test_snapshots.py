"""What Ray leaves of its own in a sweep's folder."""

from pathlib import Path


def test_rays_own_state_takes_no_room_in_a_sweeps_folder(quadratic_sweep: tuple[Path, str]) -> None:
    folder, _ = quadratic_sweep
    of_ray = [
        file
        for pattern in ("experiment_state-*", "search*_state-*", "callback*_state-*", "*.pkl", ".validate*")
        for file in folder.glob(pattern)
    ]
    assert of_ray  # else it has other names by now
    assert sum(file.stat().st_size for file in of_ray) < 10_000  # with its state: 10 kB a trial of two metrics
