"""GRPO on the joint controller: the kind of run, its settings, its training."""
