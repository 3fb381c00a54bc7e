"""The ledger's tables.

Everything about a listing is keyed by SKU, selling partner and marketplace, because that is what
Amazon keys a listing by, and by connector: two connectors of one account may write to the same SKU. The
SKU comes first, so that people can ask for one SKU wherever it is sold.
No token and no secret is ever written here.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
)

from amazon_listings.ledger.columns import (
    IDENTITY,
    NAMING,
    PIM_ID,
    SEARCH,
    SKU,
    Moment,
    Name,
    RemarksText,
    only_where,
)

#: What an item's verdict depends on, and of it what many items share.
SHARED = ("mapping", "definition", "rules", "quality", "tables")
FINGERPRINT = ("row", "family", "others", *SHARED)

metadata = MetaData(naming_convention=NAMING)

#: One row per connector that ever ran. `key` never changes, and everything else in the ledger hangs on it;
#: `current_id` is the id that the connector's document has now; `lines` what its mapping makes, see
#: `ledger.mapping_lines`.
connectors = Table(
    "connectors",
    metadata,
    Column("key", Name(64), primary_key=True),
    Column("current_id", Name(64), nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("renamed_at", Moment),
    Column("lines", JSON),
    Index("ix_connectors_current_id", "current_id", unique=True),
)

#: Every id that a connector has or had; an id belongs to one connector, for ever.
connector_ids = Table(
    "connector_ids",
    metadata,
    Column("connector_id", Name(64), primary_key=True),
    Column("connector_key", ForeignKey("connectors.key"), nullable=False),
    Column("since", Moment, nullable=False),
    Index("ix_connector_ids_connector_key", "connector_key"),
)

#: One row per attempt of a DAG run of a connector; `attempt` is Airflow's count of how often the run was
#: cleared. `counts` is outcome -> items, `calls` operation -> calls made. `asked_by`: who started it, where
#: a person did.
#: Numbers are never given twice, even after the last run was pruned.
runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connector_key", Name(64), nullable=False),
    Column("run_id", Name(250), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("operation", String(8), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("definition", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("cursor", String(64)),
    Column("counts", JSON),
    Column("calls", JSON),
    Column("failure", RemarksText),
    Column("document", String(64), nullable=False, server_default=""),
    Column("asked_by", Name(128)),
    Index("ix_runs_connector_key_run_id_attempt", "connector_key", "run_id", "attempt", unique=True),
    Index("ix_runs_connector_key_operation_started_at", "connector_key", "operation", "started_at"),
    Index("ix_runs_run_id", "run_id"),
    sqlite_autoincrement=True,
)

#: What runs began with, each once: the effective document of a connector, its mapping lines by layer, where
#: they stand, and the software, as compressed JSON. `hash`: SHA-256 of it; `runs.document` names it.
documents = Table(
    "documents",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

#: One row per listing that a connector knows: several may write to one. `family`: the PIM's identity of the
#: product that its item belongs to, which is what the PIM names when a whole product is deleted.
#: `tested_*`: last payload that passed Amazon's preview, and with which definition. `accepted_*`: last
#: payload Amazon accepted; its content is compressed JSON. `listed`: whether Amazon has the SKU, None if
#: not asked. `state`: see `items.State`. `look_at`: when to read the listing back next, None if nothing
#: is to be confirmed; `looks`: how often it was read. `removing`: how the listing is being taken off sale
#: (`delete` or `zero_quantity`), until a reading shows that it is; `removing_run`: the run that asked for
#: it. `seen_at`: when a reading last showed the listing; `missed_at`: the first reading since that did not.
#: `created`: whether the listing is the connector's, which made or adopted it; `claimed_at`: when something
#: of it was accepted of the connector first.
items = Table(
    "items",
    metadata,
    Column("sku", SKU, primary_key=True),
    Column("seller_id", Name(64), primary_key=True),
    Column("marketplace_id", String(16), primary_key=True),
    Column("connector_key", Name(64), primary_key=True),
    Column("pim_id", PIM_ID),
    Column("family", Name(128)),
    Column("product_type", String(128), nullable=False),
    Column("asin", Name(16)),
    Column("tested_hash", String(64)),
    Column("tested_definition", String(64)),
    Column("tested_at", Moment),
    Column("accepted_hash", String(64)),
    Column("accepted_definition", String(64)),
    Column("accepted_content", LargeBinary),
    Column("accepted_at", Moment),
    Column("listed", Boolean),
    Column("state", String(24)),
    Column("look_at", Moment),
    Column("looks", Integer, nullable=False, server_default="0"),
    Column("removing", String(16)),
    Column("removing_run", Integer),
    Column("seen_at", Moment),
    Column("missed_at", Moment),
    Column("created", Boolean, nullable=False, server_default=false()),
    Column("claimed_at", Moment),
    Index("ix_items_connector_key_pim_id", "connector_key", "pim_id"),
    Index("ix_items_connector_key_family", "connector_key", "family"),
    Index("ix_items_connector_key_look_at", "connector_key", "look_at", **only_where("look_at IS NOT NULL")),
    Index("ix_items_removing", "connector_key", **only_where("removing IS NOT NULL")),
    Index("ix_items_connector_key_seen_at", "connector_key", "seen_at"),
    Index("ix_items_state", "connector_key", "state", "sku"),
    Index("ix_items_accepted_at", "connector_key", "accepted_at", "sku"),
)

#: The present state of each item of a connector: what the PIM said last, what the mapping made of it, and
#: the verdict of the latest run; a `removed` one is not in the PIM's selection any more. `read_at` is when
#: it was read, by the source's clock; only a later reading replaces a state. `content` is the rest, packed
#: with the dictionary. `next_date` is when a rule changes its verdict. `of_…` are digests of all that the
#: verdict depends on. `search`: SKU, identity and name as `content.searchable` makes them. `variant`: it is
#: one of the items below a product, not the product itself.
item_states = Table(
    "item_states",
    metadata,
    Column("connector_key", Name(64), primary_key=True),
    Column("pim_id", PIM_ID, primary_key=True),
    Column("sku", SKU),
    Column("family", Name(128), nullable=False),
    Column("run", Integer, nullable=False),
    Column("operation", String(8), nullable=False),
    Column("outcome", String(24), nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("read_at", Moment, nullable=False),
    Column("next_date", Moment),
    Column("name", Name(200)),
    Column("payload_hash", String(64)),
    Column("content", LargeBinary, nullable=False),
    Column("dictionary", Integer, nullable=False),
    Column("search", SEARCH, nullable=False, server_default=""),
    Column("variant", Boolean, nullable=False, server_default=false()),
    *(Column(f"of_{part}", BigInteger, nullable=False) for part in FINGERPRINT if part != "others"),
    Column("of_others", BigInteger, nullable=False, server_default="0"),
    # These hold all that a list or a count asks for: rows carry payloads, and reading them takes long.
    Index("ix_item_states_counts", "connector_key", "outcome", "removed", "variant", "sku"),
    Index(
        "ix_item_states_search",
        *("connector_key", "pim_id", "removed", "outcome", "variant", "sku", "search"),
    ),
    Index("ix_item_states_sku", "sku"),
    Index("ix_item_states_connector_key_family_pim_id", "connector_key", "family", "pim_id"),
    Index("ix_item_states_next_date", "connector_key", "next_date", **only_where("next_date IS NOT NULL")),
    *(Index(f"ix_item_states_of_{part}", "connector_key", f"of_{part}") for part in SHARED),
)

#: What of a connector's payloads Amazon's preview has passed, by definition: `shape` is a digest
#: (`checks.shapes`), `passes` how often it passed since it was refused last, `refused` Amazon's sentence
#: until it passes again.
preview_shapes = Table(
    "preview_shapes",
    metadata,
    Column("connector_key", Name(64), primary_key=True),
    Column("definition", String(64), primary_key=True),
    Column("shape", BigInteger, primary_key=True, autoincrement=False),
    Column("passes", Integer, nullable=False),
    Column("refused", Text),
)

#: What the contents of a connector's items have in common, for packing and unpacking them.
dictionaries = Table(
    "dictionaries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connector_key", Name(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("made_at", Moment, nullable=False),
    Index("ix_dictionaries_connector_key", "connector_key"),
)

#: One row per feed, made before Amazon is asked to start it: `state` is CREATING until `feed_id` is
#: known, then Amazon's own states, or ABANDONED if it never started.
feeds = Table(
    "feeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id"), nullable=False),
    Column("connector_key", Name(64), nullable=False),
    Column("seller_id", Name(64), nullable=False),
    Column("marketplace_id", String(16), nullable=False),
    Column("product_type", String(128), nullable=False),
    Column("document_id", Name(255), nullable=False),
    Column("feed_id", String(64)),
    Column("report_id", Name(255)),
    Column("state", String(16), nullable=False),
    Column("messages", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Index("ix_feeds_run", "run"),
    Index("ix_feeds_feed_id", "feed_id", unique=True),
    Index("ix_feeds_pending", "connector_key", **only_where("settled_at IS NULL")),
)

#: Marks the writes that may have been carried out without us knowing. As a text, because SQLite uses an
#: index over some rows only where the condition is the same, word for word.
IN_DOUBT = "status IN ('UNANSWERED', 'UNKNOWN')"

#: Every write sent to Amazon and its answer. Rows are added before the write is sent; its answer is filled
#: in later (`UNANSWERED` until then, `PENDING` for a feed's message). `body`: what was sent (PUT
#: attributes or PATCH operations). `before`: what the listing held; `existed`: whether there was a listing
#: (None: not known). `wanted`: the attributes that a pending message leads to, where that is not the body.
#: All four contents are compressed JSON. `undoes`: the run whose write this one took back. `removal`: how
#: the write takes a listing off sale, if it does.
submissions = Table(
    "submissions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id"), nullable=False),
    Column("seller_id", Name(64), nullable=False),
    Column("marketplace_id", String(16), nullable=False),
    Column("sku", SKU, nullable=False),
    Column("pim_id", PIM_ID),
    Column("sent_at", Moment, nullable=False),
    Column("method", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("submission_id", Name(64)),
    Column("request_id", Name(64)),
    Column("feed", ForeignKey("feeds.id")),
    Column("message", Integer),
    Column("payload_hash", String(64), nullable=False),
    Column("body", LargeBinary),
    Column("wanted", LargeBinary),
    Column("before", LargeBinary),
    Column("existed", Boolean),
    Column("undoes", Integer),
    Column("removal", String(16)),
    Index("ix_submissions_sku_seller_id_marketplace_id", "sku", "seller_id", "marketplace_id"),
    Index("ix_submissions_run_sku", "run", "sku"),
    Index("ix_submissions_feed_message", "feed", "message", **only_where("feed IS NOT NULL")),
    Index(
        "ix_submissions_doubtful",
        "sku",
        "seller_id",
        "marketplace_id",
        **only_where(IN_DOUBT),
    ),
    # No item is in two feeds at once, whichever process tries.
    Index(
        "ix_submissions_pending",
        "sku",
        "seller_id",
        "marketplace_id",
        unique=True,
        **only_where("status = 'PENDING'"),
    ),
)

#: One row per life of an issue: from the run that found it first to the run that found it gone.
#: `item` is the SKU, or the PIM's identity of an item that has none. `cause`: a digest of what open issues
#: of many items have in common (`causes.cause_of`).
issues = Table(
    "issues",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connector_key", Name(64), nullable=False),
    Column("item", PIM_ID, nullable=False),
    Column("identity", IDENTITY, nullable=False),
    Column("severity", String(8), nullable=False),
    Column("document", JSON, nullable=False),
    Column("opened_run", Integer, nullable=False),
    Column("seen_run", Integer, nullable=False),
    Column("resolved_run", Integer),
    Column("cause", String(40), nullable=False, server_default=""),
    Index("ix_issues_item_connector_key", "item", "connector_key"),
    Index("ix_issues_connector_key_resolved_run", "connector_key", "resolved_run"),
    # As with the lists of items, all that the causes are told from.
    Index(
        "ix_issues_causes",
        *("connector_key", "cause", "id", "severity", "opened_run", "item"),
        **only_where("resolved_run IS NULL"),
    ),
    Index(
        "ix_issues_identity",
        *("connector_key", "identity", "item", "id"),
        **only_where("resolved_run IS NULL"),
    ),
    Index(
        "ix_issues_open",
        "item",
        "connector_key",
        "identity",
        unique=True,
        **only_where("resolved_run IS NULL"),
    ),
)

#: How the columns of a connector's source are written: examples by column (`column_notations.Examples`).
column_notations = Table(
    "column_notations",
    metadata,
    Column("connector_key", Name(64), primary_key=True),
    Column("examples", JSON, nullable=False),
)

#: Token buckets shared by every worker; times in seconds since the epoch, by the database's clock.
#: `stated_rate` is what Amazon stated, believed until `stated_until`.
buckets = Table(
    "buckets",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("level", Float, nullable=False),
    Column("rate", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("stated_rate", Float),
    Column("stated_until", Float),
)

#: Which run of a connector may send right now: `owner` is the run, `token` its try. `expires_at` in seconds
#: since the epoch, by the database's clock.
leases = Table(
    "leases",
    metadata,
    Column("connector", Name(64), primary_key=True),
    Column("owner", Name(330), nullable=False),
    Column("token", String(32), nullable=False),
    Column("expires_at", Float, nullable=False),
    Index("ix_leases_token", "token"),
)

#: The SKUs that have a write under way. `token`: of the lease under which it is sent; `feed`: the feed that
#: holds it, None for a single write.
fences = Table(
    "fences",
    metadata,
    Column("sku", SKU, primary_key=True),
    Column("seller_id", Name(64), primary_key=True),
    Column("region", String(16), primary_key=True),
    Column("run", Integer, nullable=False),
    Column("token", String(32), nullable=False),
    Column("feed", Integer),
    Column("raised_at", Moment, nullable=False),
    Index("ix_fences_token", "token"),
    Index("ix_fences_feed", "feed", **only_where("feed IS NOT NULL")),
)


#: What a run asked a person: one row for each time that a run had something to ask. `shown_in` and
#: `shown_until`: the run of Airflow's DAG of approvals that shows it, and how long it is taken to be alive.
questions = Table(
    "questions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connector_key", Name(64), nullable=False),
    Column("run", Integer, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("shown_in", Name(250)),
    Column("shown_until", Moment),
    Index("ix_questions_connector_key", "connector_key"),
    sqlite_autoincrement=True,
)

#: What waits for a person, was allowed or refused: one row per item of a connector. `hash`: of the changes
#: that were asked about, which `changes` holds packed. `state`: `asked`, `approved`, `refused` or `sent`;
#: an asked one lapses at `lapses_at`. `reasons`: why it is asked, `first`, `always` or the names of guards.
#: `lines`: the mapping lines that are approved with it. `touches`: what the changes of a listing touch
#: (`price`, `quantity`, `text`, `image`), with spaces between; `price_share`: the largest share by which a
#: price moves; `search`: the SKU as `content.searchable` makes it.
approvals = Table(
    "approvals",
    metadata,
    Column("connector_key", Name(64), primary_key=True),
    Column("seller_id", Name(64), primary_key=True),
    Column("marketplace_id", String(16), primary_key=True),
    Column("sku", SKU, primary_key=True),
    Column("pim_id", PIM_ID),
    Column("product_type", String(128), nullable=False),
    Column("question", ForeignKey("questions.id"), nullable=False),
    Column("run", Integer, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("lines", JSON, nullable=False),
    Column("changes", LargeBinary, nullable=False),
    Column("touches", String(32), nullable=False, server_default=""),
    Column("price_share", Float),
    Column("search", SEARCH, nullable=False, server_default=""),
    Column("asked_at", Moment, nullable=False),
    Column("lapses_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("answered_by", Name(128)),
    Index("ix_approvals_state", "connector_key", "state", "question", "sku"),
    Index(
        "ix_approvals_price_share",
        *("connector_key", "state", "price_share"),
        **only_where("price_share IS NOT NULL"),
    ),
    Index("ix_approvals_question", "question"),
    Index("ix_approvals_connector_key_question_sku", "connector_key", "question", "sku"),
)

#: Mapping lines whose values a person has allowed, per account, marketplace and product type. `line`: a hash
#: of the line's key and expression.
approved_lines = Table(
    "approved_lines",
    metadata,
    Column("connector_key", Name(64), primary_key=True),
    Column("seller_id", Name(64), primary_key=True),
    Column("marketplace_id", String(16), primary_key=True),
    Column("product_type", String(128), primary_key=True),
    Column("line", String(64), primary_key=True),
    Column("approved_at", Moment, nullable=False),
    Column("approved_by", Name(128)),
)

#: What a run could not bring to an end, for the next one to take up. `kind`: `item`, whose `name` is the
#: PIM's identity, or `removal`, whose `name` is a SKU. `outcome`: why it is owed. `run`: which run left it.
owed = Table(
    "owed",
    metadata,
    Column("connector_key", Name(64), primary_key=True),
    Column("operation", String(8), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("name", PIM_ID, primary_key=True),
    Column("family", PIM_ID, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("run", Integer, nullable=False),
)

#: Connectors that must not send; an empty key stands for all of them.
stops = Table(
    "stops",
    metadata,
    Column("connector_key", Name(64), primary_key=True),
    Column("stopped_at", Moment, nullable=False),
    Column("stopped_by", Name(128)),
)

#: Changes of a connector's mapping that are not published yet; one draft per connector id, because a
#: connector may have one before it ever ran. `mapping`: key -> value, null where the line goes. `revision`
#: grows with every change, so that two people who edit notice each other.
drafts = Table(
    "drafts",
    metadata,
    Column("connector_id", Name(64), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("mapping", JSON, nullable=False),
    Column("changed_by", Name(128), nullable=False),
    Column("changed_at", Moment, nullable=False),
)

#: Every text of a connector's Variable that was published from the workbench, with the one before it.
publications = Table(
    "publications",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connector_id", Name(64), nullable=False),
    Column("published_by", Name(128), nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("text_before", Text),
    Column("text_after", Text, nullable=False),
    Index("ix_publications_connector_id", "connector_id"),
    sqlite_autoincrement=True,
)

#: Connectors that are being made in the workbench, until they are published: the document, what loads the
#: definition that was fetched for it, and the products that were looked at.
new_connectors = Table(
    "new_connectors",
    metadata,
    Column("connector_id", Name(64), primary_key=True),
    Column("document", JSON, nullable=False),
    Column("definition", JSON, nullable=False),
    Column("items", JSON, nullable=False),
    Column("made_by_id", Name(128), nullable=False),
    Column("made_by", Name(128), nullable=False),
    Column("made_at", Moment, nullable=False),
)
