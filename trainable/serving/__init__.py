"""A trained controller in front of the running model, request by request, and what its promises are worth."""
