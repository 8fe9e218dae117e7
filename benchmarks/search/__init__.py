"""Searches played over recorded training curves: how many epochs a method takes to find what."""
