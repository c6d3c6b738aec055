"""Alembic's entry: uses the connection that `open_database` hands over."""

from alembic import context

from trainer.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
context.run_migrations()
