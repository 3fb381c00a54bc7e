"""What a test sync does: quality, local checks, Amazon's preview."""
