"""Tables of figures, for insights and metrics. A change needs a migration beside it in `migrations/versions`."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.insights import definitions
from sealane.store import columns

deployment_figures = sa.Table(
    "deployment_figures",
    columns.metadata,
    columns.key_of("deployment_id", "deployments.id"),
    columns.text("app"),
    columns.text("formation"),
    columns.text("environment"),
    columns.maybe("commit"),
    sa.Column("at", sa.BigInteger, nullable=False),
    columns.flag("deployed"),
    columns.flag("failed"),
    columns.maybe("lead_time", columns.Seconds),
    columns.maybe("restored", columns.Seconds),
    *(columns.maybe(name, columns.Seconds) for name in definitions.WAITS),
)
"""How insights count each deployment that began and ended; `at` is its end in seconds since 1970, UTC."""
sa.Index("ix_deployment_figures_formation", *(deployment_figures.c[name] for name in ("app", "formation", "at")))
_figures = ("app", "environment", "at", "deployed", "failed", "lead_time", "restored")
sa.Index("ix_deployment_figures_counted", *(deployment_figures.c[name] for name in _figures))

run_figures = sa.Table(
    "run_figures",
    columns.metadata,
    columns.key_of("run_id", "runs.id"),
    columns.text("app"),
    sa.Column("at", sa.BigInteger, nullable=False),
    columns.flag("passed"),
    sa.Column("took", columns.Seconds, nullable=False),
)
"""How insights count each run that was carried out; `at` is its end in seconds since 1970, `took` is in seconds."""
sa.Index("ix_run_figures_counted", *(run_figures.c[name] for name in ("app", "at", "passed", "took")))

step_figures = sa.Table(
    "step_figures",
    columns.metadata,
    columns.key_of("run_id", "runs.id"),
    sa.Column("key", sa.Text, primary_key=True),
    columns.text("app"),
    sa.Column("at", sa.BigInteger, nullable=False),
    columns.flag("passed"),
    sa.Column("took", columns.Seconds, nullable=False),
)
"""The same for each of its steps except deliveries; `at` is the end of the run."""
sa.Index("ix_step_figures_counted", *(step_figures.c[name] for name in ("app", "at", "key", "passed", "took")))

test_figures = sa.Table(
    "test_figures",
    columns.metadata,
    columns.key_of("run_id", "runs.id"),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("test", sa.Text, primary_key=True),
    columns.text("app"),
    columns.text("commit"),
    columns.maybe("branch"),
    columns.maybe("at", sa.BigInteger),
    columns.flag("failed"),
    columns.flag("passed"),
    columns.flag("flaky"),
    columns.maybe("took", columns.Seconds),
)
"""What insights keep of a step's tests; `at` is the end of the run, `took` is in seconds, for tests that passed at once."""
sa.Index("ix_test_figures_timed", *(test_figures.c[name] for name in ("app", "at", "key", "test", "took", "run_id")))
sa.Index("ix_test_figures_failed", *(test_figures.c[name] for name in ("failed", "at", "app", "key", "test", "run_id")))
sa.Index("ix_test_figures_flaky", *(test_figures.c[name] for name in ("flaky", "at", "app", "key", "test", "run_id")))
sa.Index("ix_test_figures_commit", *(test_figures.c[name] for name in ("app", "key", "commit")))
sa.Index("ix_test_figures_branch", *(test_figures.c[name] for name in ("app", "key", "branch", "failed", "at")))

metric_totals = sa.Table(
    "metric_totals",
    columns.metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("labels", sa.Text, primary_key=True),
    columns.maybe("app"),
    sa.Column("count", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("sum", sa.Float, nullable=False, server_default="0"),
    columns.maybe("buckets", columns.Json),
    columns.maybe("exemplar", columns.Json),
    sa.Column("event", sa.BigInteger, nullable=False),
)
sa.Index("ix_metric_totals_app", metric_totals.c.app)
