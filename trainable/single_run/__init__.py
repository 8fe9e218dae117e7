"""One training without a sweep: its settings, its folder, its loop, its screen."""
