"""A sweep's folder kept in a store, too: what goes there and when, its checkpoints, and who may write them."""
