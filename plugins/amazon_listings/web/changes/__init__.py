"""What changes at Amazon: what waits for an answer, what stays, and taking writes back."""
