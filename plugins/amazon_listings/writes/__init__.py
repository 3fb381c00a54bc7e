"""What a live sync does: plan, submit, remember, take back."""
