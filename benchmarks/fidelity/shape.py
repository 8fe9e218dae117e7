"""The shape of the sweeps that are killed: the same for both stacks."""

NUM_SAMPLES = 8
NUM_EPOCHS = 16
GRACE_PERIOD = 4
REDUCTION_FACTOR = 2
EPOCH_MS = 150.0
PROJECT = "fidelity"
