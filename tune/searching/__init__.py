"""What is paused, promoted, stopped and run again, and when a search is over: functions of the record, without Ray."""
