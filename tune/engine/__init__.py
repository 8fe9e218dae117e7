"""The Ray side of a sweep: the Tuner with its searcher, scheduler and stopper, the resources, the signals."""
