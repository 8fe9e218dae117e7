"""What all commands have in common before whoever reads them: how they print, answer a mistake, and end."""
