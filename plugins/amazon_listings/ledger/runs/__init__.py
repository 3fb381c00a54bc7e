"""What each run did and covered, what it owes, and how long all of it is kept."""
