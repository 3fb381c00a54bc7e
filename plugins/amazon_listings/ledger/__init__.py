"""The database of what was sent, what came back, and what each run did."""

import logging

# Alembic says at INFO which plugins it has, when it is imported: nothing that a task's log is for.
logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
