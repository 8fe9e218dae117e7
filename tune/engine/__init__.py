"""The Ray side of a sweep: the Tuner with its searcher, scheduler and stopper, its rounds, the signals."""
