"""What values a setting can have."""
