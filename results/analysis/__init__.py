"""What the trials of sweeps tell: settings, seeds, gains, what decides."""
