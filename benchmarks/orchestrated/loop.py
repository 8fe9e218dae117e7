"""One training after another in a plain loop.

python loop.py FOLDER RUN TRIALS EPOCHS NOTES
"""

import sys
from pathlib import Path

from orchestrated.tracking import prepare, train
from orchestrated.trainings import Trainings


def main(folder: Path, trainings: Trainings) -> None:
    data = prepare(trainings)
    for number, hyperparameters in enumerate(trainings.hyperparameters):
        for _ in train(trainings, data, hyperparameters, folder / f"trial_{number:05d}"):
            pass


if __name__ == "__main__":
    main(Path(sys.argv[1]), Trainings(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]))
