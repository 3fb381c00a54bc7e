"""What a run reads of listings at Amazon, and how it words their values."""
