"""GRPO on a language model with TRL's GRPOTrainer, under token budgets: `--run trl_grpo`.

Its packages (`pip install '.[trl]'`) are imported in functions alone, so that nobody else needs them.
"""
