"""A vision-language model, measured: each (sample, configuration) cell once, in a store that is a profile when full."""
