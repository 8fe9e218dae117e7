"""The search: what is proposed, paused, promoted and stopped, as functions of the record, without Ray."""
