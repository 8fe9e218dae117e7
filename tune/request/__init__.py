"""What the user asks for: settings, flags, versions."""
