"""The shape of the sweeps that are killed: the same for both stacks."""

NUM_SAMPLES = 10
NUM_EPOCHS = 20
GRACE_PERIOD = 4
REDUCTION_FACTOR = 2
EPOCH_MS = 200.0
PROJECT = "fidelity"
