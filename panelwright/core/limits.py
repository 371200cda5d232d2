"""What strangers may write, in one table: each limit of size, time or memory on what others send and we parse.

Code takes a limit by its name (`limits.HEAD_BYTES_MAX`); docs/reference/limits.md prints the table, and a test
holds the two together. To add one, write a row here, then `python -m tests.limits` for the page, and a test that
sends the worst input known for it while orders go on being placed and sent (tests/strangers).
"""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limit:
    """One row. `of` says what is limited and who writes it, `beyond` what happens to more than that."""

    name: str
    value: int | float
    unit: str
    of: str
    beyond: str


TABLE: list[Limit] = []


def _limit(name: str, value: int, unit: str, *, of: str, beyond: str) -> int:
    TABLE.append(Limit(name, value, unit, of, beyond))
    return value


def _seconds(name: str, value: float, *, of: str, beyond: str) -> float:
    TABLE.append(Limit(name, value, "seconds", of, beyond))
    return value


# Requests of anybody. Each web process counts for itself.
HEAD_BYTES_MAX = _limit(
    "HEAD_BYTES_MAX", 32 * KIB, "bytes", of="The head of a request, however it arrives", beyond="431, the end"
)
HEAD_LINES_MAX = _limit("HEAD_LINES_MAX", 100, "lines", of="The headers of a request", beyond="431, the end")
PATH_BYTES_MAX = _limit(
    "PATH_BYTES_MAX", 4 * KIB, "bytes", of="An address before its question mark", beyond="431, the end"
)
COOKIE_BYTES_MAX = _limit("COOKIE_BYTES_MAX", 8 * KIB, "bytes", of="All cookies of a request", beyond="431, the end")
HOST_BYTES_MAX = _limit(
    "HOST_BYTES_MAX", 261, "bytes", of="The Host header (a name and a port)", beyond="It names no panel of ours"
)
BODY_BYTES_MAX = _limit(
    "BODY_BYTES_MAX", MIB, "bytes", of="The body of a request to the panel API", beyond="413 with an error body"
)
PAGE_BODY_BYTES_MAX = _limit(
    "PAGE_BODY_BYTES_MAX", 7 * MIB, "bytes", of="The body of a request to a page", beyond="413"
)
PAGE_FORM_BYTES_MAX = _limit(
    "PAGE_FORM_BYTES_MAX", 3 * MIB, "bytes", of="The same, without files", beyond="400: no page asks for so much"
)
PAGE_FIELDS_MAX = _limit("PAGE_FIELDS_MAX", 1_000, "fields", of="A form of a page, and a query", beyond="400")
BODIES_BYTES_MAX = _limit(
    "BODIES_BYTES_MAX",
    64 * MIB,
    "bytes",
    of="All bodies that are being received and worked on at one moment, beyond 64 KiB each; after so much of them on"
    " pages, garbage is collected",
    beyond="503: try again",
)
LARGE_BODIES_AT_ONCE = _limit(
    "LARGE_BODIES_AT_ONCE",
    1,
    "bodies",
    of="Bodies beyond 64 KiB, of the panel API and of pages, whose parameters are read at one moment",
    beyond="They wait; as long as reading one took, none is read",
)
PAGES_AT_ONCE = _limit(
    "PAGES_AT_ONCE",
    2,
    "pages",
    of="Pages that one web process makes at one moment; what waits for a password or another server is not counted",
    beyond="They wait, each address in its turn",
)
PAGES_WAITING_MAX = _limit(
    "PAGES_WAITING_MAX",
    256,
    "pages",
    of="Pages that wait for it in one process, a quarter of them for one address",
    beyond="503 with Retry-After; nothing is changed",
)
QUEUE_BYTES_MAX = _limit(
    "QUEUE_BYTES_MAX",
    32 * MIB,
    "bytes",
    of="Calls of the panel API that wait to be carried out; those with keys that are not known, a quarter of it",
    beyond="503: try again",
)
BATCH_BYTES_MAX = _limit(
    "BATCH_BYTES_MAX",
    256 * KIB,
    "bytes",
    of="Calls that share a batch, beside the first one",
    beyond="They wait for a later batch; small ones go first",
)
HEAD_S = _seconds(
    "HEAD_S", 15, of="From connecting, or from a head's first byte, to its last (a setting)", beyond="408, the end"
)
BODY_S = _seconds(
    "BODY_S",
    30,
    of="From a head's end to the body's, and one more for each 16 KiB that came (a setting)",
    beyond="408, the end",
)
BODY_BYTES_A_S = 16 * KIB
KEEP_ALIVE_S = _seconds("KEEP_ALIVE_S", 5, of="From an answer to the next request", beyond="The connection is closed")
READ_S = _seconds(
    "READ_S", 30, of="That a client takes to read the next of what it was answered", beyond="The connection is cut"
)
CONNECTIONS_PER_ADDRESS_MAX = _limit(
    "CONNECTIONS_PER_ADDRESS_MAX",
    256,
    "connections",
    of="From one address, of IPv6 one /64; not from trusted proxies (a setting)",
    beyond="The one that waits longest is closed, or the new one is answered 503",
)
CONNECTIONS_MAX = _limit(
    "CONNECTIONS_MAX",
    4096,
    "connections",
    of="In all, fewer where the system allows a process fewer files (a setting)",
    beyond="The one that waits longest, of the address with the most, is closed, or the new one is answered 503",
)

# What any server answers that we ask: a provider, a feed, a customer's webhook. Its body has a limit of its own.
ANSWER_HEAD_BYTES_MAX = _limit(
    "ANSWER_HEAD_BYTES_MAX",
    64 * KIB,
    "bytes",
    of="The head of an answer with the interim ones (1xx) before it; and the trailers behind its body",
    beyond="The connection is cut; after an order was sent its outcome is unknown",
)
INTERIM_HEADS_MAX = _limit(
    "INTERIM_HEADS_MAX", 8, "heads", of="Interim heads (`100 Continue`) before an answer", beyond="The same"
)
ANSWER_CHUNKS_MAX = _limit(
    "ANSWER_CHUNKS_MAX", 100_000, "chunks", of="An answer that comes in chunks", beyond="It counts as broken off"
)

# Feeds: read by the worker, for subscriptions.
FEED_BYTES_MAX = _limit(
    "FEED_BYTES_MAX", 2 * MIB, "bytes", of="A feed, unpacked", beyond="Not read; a problem of the post source"
)
FEED_SECONDS_MAX = _seconds(
    "FEED_SECONDS_MAX",
    30.0,
    of="The whole answer of a feed's server, once it is connected",
    beyond="Not read; a problem of the post source",
)
FEED_MEMORY_BYTES_MAX = _limit(
    "FEED_MEMORY_BYTES_MAX",
    512 * MIB,
    "bytes",
    of="Address space of the process that reads a feed, of which it has 20 MiB when it begins",
    beyond="Not read; a problem of the post source",
)
FEEDS_AT_ONCE_MAX = _limit("FEEDS_AT_ONCE_MAX", 32, "feeds", of="Feeds that are read side by side", beyond="They wait")
FEEDS_OF_PANEL_MAX = _limit(
    "FEEDS_OF_PANEL_MAX", 4, "feeds", of="Of those, feeds of one panel", beyond="They wait, others do not"
)
FEED_TAGS_MAX = _limit(
    "FEED_TAGS_MAX", 200_000, "tags", of="Tags, comments and the like in a feed", beyond="Not read, a problem"
)
FEED_TAG_CHARS_MAX = _limit(
    "FEED_TAG_CHARS_MAX", 16_384, "characters", of="One tag of a feed", beyond="Its attributes say nothing"
)
FEED_ATTRIBUTES_MAX = _limit(
    "FEED_ATTRIBUTES_MAX", 64, "attributes", of="One tag of a feed", beyond="The rest is not looked at"
)
FEED_TEXT_CHARS_MAX = _limit(
    "FEED_TEXT_CHARS_MAX", 8_192, "characters", of="A link, an id or a date in a feed", beyond="It counts as missing"
)
FEED_POSTS_MAX = _limit("FEED_POSTS_MAX", 200, "posts", of="Posts of a feed, the first ones", beyond="Not looked at")
DATE_CHARS_MAX = _limit("DATE_CHARS_MAX", 64, "characters", of="A date in a feed or a webhook", beyond="It is no date")

# Passwords. Checking one costs memory and time on purpose.
PASSWORD_HASH_KIB = _limit(
    "PASSWORD_HASH_KIB",
    19_456,
    "KiB",
    of="Memory that hashing one password takes (Argon2id, two passes, one lane: what OWASP advises)",
    beyond="the same for every password",
)
PASSWORD_HASHES_AT_ONCE = _limit(
    "PASSWORD_HASHES_AT_ONCE", 2, "passwords", of="Passwords that one process hashes at once", beyond="others wait"
)
PASSWORD_HASHES_WAITING_MAX = _limit(
    "PASSWORD_HASHES_WAITING_MAX",
    32,
    "passwords",
    of="Passwords that wait for it in one process",
    beyond="503 with Retry-After; nothing is counted or changed",
)
PASSWORD_HASH_WAIT_S = _seconds(
    "PASSWORD_HASH_WAIT_S",
    2.0,
    of="How long a password waits for its turn",
    beyond="503 with Retry-After; nothing is counted or changed",
)

EMAIL_CHARS_MAX = _limit("EMAIL_CHARS_MAX", 254, "characters", of="An e-mail address", beyond="It is none")
PASSWORD_CHARS_MIN = _limit("PASSWORD_CHARS_MIN", 8, "characters", of="A password, at least", beyond="Not taken")
PASSWORD_CHARS_MAX = _limit(
    "PASSWORD_CHARS_MAX", 200, "characters", of="A password", beyond="Not taken; at the log-in it is wrong"
)
PERSON_NAME_CHARS_MAX = _limit(
    "PERSON_NAME_CHARS_MAX", 100, "characters", of="A user's name in her profile", beyond="Refused"
)

# Rules about links: what a panel's owner writes, and the links that are held against it.
LINK_HOSTS_MAX = _limit(
    "LINK_HOSTS_MAX",
    20,
    "sites and hosts",
    of="What a service's rule about links names",
    beyond="The command is refused",
)
LINK_PATTERN_CHARS_MAX = _limit(
    "LINK_PATTERN_CHARS_MAX", 200, "characters", of="A pattern of paths that an owner adds", beyond="It is refused"
)
LINK_PATTERN_SEGMENTS_MAX = _limit(
    "LINK_PATTERN_SEGMENTS_MAX", 8, "segments", of="A pattern of paths that an owner adds", beyond="It is refused"
)
LINK_PATTERNS_MAX = _limit(
    "LINK_PATTERNS_MAX", 200, "rows", of="The patterns that a panel's owner adds", beyond="One more is refused"
)
LINK_LABELS_MAX = _limit(
    "LINK_LABELS_MAX",
    8,
    "labels",
    of="The end of a link's host that is looked up",
    beyond="It is no host of a known site",
)
LINK_PARAMETERS_MAX = _limit(
    "LINK_PARAMETERS_MAX",
    50,
    "parameters",
    of="What of a link's query is held against patterns",
    beyond="The rest is not looked at",
)

# Fields of orders.
MARKS_IN_A_ROW_MAX = _limit(
    "MARKS_IN_A_ROW_MAX", 8, "characters", of="Combining marks behind a letter, in any text", beyond="Not compared"
)
LINK_CHARS_MAX = _limit("LINK_CHARS_MAX", 2_000, "characters", of="A link", beyond="`Bad link`, `Incorrect <field>`")
NAME_CHARS_MAX = _limit(
    "NAME_CHARS_MAX",
    500,
    "characters",
    of="A name, and a line of names, tags or keywords",
    beyond="`Incorrect <field>`",
)
COMMENT_CHARS_MAX = _limit(
    "COMMENT_CHARS_MAX", 10_000, "characters", of="A line of comments", beyond="`Incorrect <field>`"
)
LINES_CHARS_MAX = _limit(
    "LINES_CHARS_MAX", 500_000, "characters", of="All lines of a field together", beyond="`Incorrect <field>`"
)
LINES_MAX = _limit("LINES_MAX", 10_000, "lines", of="A field of lines", beyond="`Incorrect <field>`")
DIGITS_MAX = _limit("DIGITS_MAX", 100, "digits", of="A whole number", beyond="`Incorrect <field>`")
RUNS_MAX = _limit("RUNS_MAX", 10_000, "runs", of="A drip-feed", beyond="`Incorrect runs`")
INTERVAL_MAX_MIN = _limit(
    "INTERVAL_MAX_MIN", 60 * 24 * 365, "minutes", of="The interval of a drip-feed", beyond="`Incorrect interval`"
)
POSTS_MAX = _limit("POSTS_MAX", 1_000_000, "posts", of="`posts` and `old_posts`", beyond="`Incorrect <field>`")

# Blocks: what staff write, and customers' texts are held against.
RULES_MAX = _limit("RULES_MAX", 10_000, "rules", of="Blocks of a panel, and of the host", beyond="Not added")
RULE_CHARS_MAX = _limit("RULE_CHARS_MAX", 500, "characters", of="The text of a block", beyond="Not added")
PATTERNS_MAX = _limit("PATTERNS_MAX", 1_000, "patterns", of="Of the blocks, those with stars", beyond="Not added")
PATTERN_STARS_MAX = _limit("PATTERN_STARS_MAX", 10, "stars", of="One pattern", beyond="Not added")
PHRASE_WORDS_MAX = _limit("PHRASE_WORDS_MAX", 10, "words", of="A blocked phrase", beyond="Not added")
BLOCK_STEPS_MAX = _limit(
    "BLOCK_STEPS_MAX",
    150_000,
    "steps",
    of="Looking for the lines of one field among the blocks; trying a pattern is one step",
    beyond="`Incorrect <field>`: what cannot be checked is not taken",
)
BLOCK_STEPS_OF_BATCH_MAX = _limit(
    "BLOCK_STEPS_OF_BATCH_MAX",
    150_000,
    "steps",
    of="The same for all orders of one panel in a batch; the one that passes it is still decided",
    beyond="They wait for the next batch, each customer's in turn; orders of other panels do not",
)

# Providers: what other panels answer.
PROVIDER_ANSWER_BYTES_MAX = _limit(
    "PROVIDER_ANSWER_BYTES_MAX",
    2 * MIB,
    "bytes",
    of="A provider's answer, unpacked",
    beyond="Not read; after an order was sent its outcome is unknown",
)
PROVIDER_LIST_BYTES_MAX = _limit(
    "PROVIDER_LIST_BYTES_MAX",
    32 * MIB,
    "bytes",
    of="A provider's price list, unpacked; one is read at a time",
    beyond="Not read; nothing changes",
)
PROVIDER_ANSWER_VALUES_MAX = _limit(
    "PROVIDER_ANSWER_VALUES_MAX", 200_000, "values", of="Lists, objects and commas in an answer", beyond="Not read"
)
PROVIDER_LIST_VALUES_MAX = _limit(
    "PROVIDER_LIST_VALUES_MAX", 2_000_000, "values", of="The same in a price list of more than 2 MiB", beyond="Not read"
)
FOLDED_CHARS_MAX = _limit(
    "FOLDED_CHARS_MAX",
    500,
    "characters",
    of="A provider's refusal, its word for a state or a service's name, before and after it is folded for comparing",
    beyond="Not compared",
)
REFUSALS_CHARS_MAX = _limit(
    "REFUSALS_CHARS_MAX",
    20_000,
    "characters",
    of="All refusals in one answer of a provider that are looked up among the known ones; what is repeated counts once",
    beyond="Of the others nothing is concluded: the state of their orders is unknown",
)
ECHO_STEPS_MAX = _limit(
    "ECHO_STEPS_MAX",
    100_000,
    "words",
    of="Comparing what a provider answers with what it was sent, comments and links, to tell its own words from them",
    beyond="Of the answer nothing is concluded: the order's outcome is unknown",
)
OFFERS_MAX = _limit("OFFERS_MAX", 50_000, "rows", of="A provider's price list", beyond="Not read; nothing changes")

# What is kept of requests about orders, for their stories and as evidence (providers/routing/calls.py).
CALL_SENT_CHARS_MAX = _limit(
    "CALL_SENT_CHARS_MAX", 2_000, "characters", of="What is kept of a request about an order", beyond="Cut off"
)
CALL_ANSWER_CHARS_MAX = _limit(
    "CALL_ANSWER_CHARS_MAX", 1_000, "characters", of="What is kept of the answer to it", beyond="Cut off"
)
CALLS_OF_ORDER_MAX = _limit(
    "CALLS_OF_ORDER_MAX", 20, "requests", of="Requests that are kept of one order", beyond="The oldest go"
)
CALLS_KEPT_DAYS = _limit("CALLS_KEPT_DAYS", 30, "days", of="How long they are kept", beyond="They are deleted")
BALANCES_KEPT_DAYS = _limit(
    "BALANCES_KEPT_DAYS", 400, "days", of="How long a provider's balances are kept", beyond="They are deleted"
)

# Posts of users, told by signed webhooks.
HOOK_BYTES_MAX = _limit(
    "HOOK_BYTES_MAX", 64 * KIB, "bytes", of="The body of a webhook that tells of posts", beyond="413"
)
HOOK_POSTS_MAX = _limit("HOOK_POSTS_MAX", 100, "posts", of="Posts of one webhook", beyond="400")
# What the servers of customers' own webhooks answer.
WEBHOOK_ANSWER_BYTES_MAX = _limit(
    "WEBHOOK_ANSWER_BYTES_MAX", 4 * KIB, "bytes", of="The answer of a customer's server to an event", beyond="Not read"
)

# The staff API.
STAFF_BODY_BYTES_MAX = _limit("STAFF_BODY_BYTES_MAX", 64 * KIB, "bytes", of="A request of the staff API", beyond="413")
# A page of 100,000 characters, each of them escaped.
STAFF_PAGE_BYTES_MAX = _limit(
    "STAFF_PAGE_BYTES_MAX", MIB, "bytes", of="The same, with a page or an announcement in it", beyond="413"
)

# What staff write for everybody to read, in Markdown.
PAGE_CHARS_MAX = _limit("PAGE_CHARS_MAX", 100_000, "characters", of="A page", beyond="Not written")
ANNOUNCEMENT_CHARS_MAX = _limit(
    "ANNOUNCEMENT_CHARS_MAX", 20_000, "characters", of="An announcement", beyond="Not published"
)
LOGO_BYTES_MAX = _limit("LOGO_BYTES_MAX", 200 * KIB, "bytes", of="A panel's logo", beyond="Not taken")
BLOCKS_FILE_BYTES_MAX = _limit(
    "BLOCKS_FILE_BYTES_MAX", 50_000_000, "bytes", of="A file of blocks, read by the command", beyond="Not read"
)

# What customers write on pages.
ATTACHMENT_BYTES_MAX = _limit("ATTACHMENT_BYTES_MAX", 2 * MIB, "bytes", of="A file of a message", beyond="Refused")
ATTACHMENTS_MAX = _limit("ATTACHMENTS_MAX", 3, "files", of="Files of a message", beyond="Refused")
ATTACHED_BYTES_MAX = _limit("ATTACHED_BYTES_MAX", 30 * MIB, "bytes", of="All files of a customer", beyond="Refused")
FILE_NAME_CHARS_MAX = _limit("FILE_NAME_CHARS_MAX", 100, "characters", of="The name of a file", beyond="Cut off")
TICKET_CHARS_MAX = _limit("TICKET_CHARS_MAX", 5_000, "characters", of="A message of a ticket", beyond="Refused")
PAYMENT_HOOK_BYTES_MAX = _limit(
    "PAYMENT_HOOK_BYTES_MAX", 256 * KIB, "bytes", of="The body of a webhook of a payment gateway", beyond="413"
)
SORTED_HOOK_BYTES_MAX = _limit(
    "SORTED_HOOK_BYTES_MAX",
    16 * KIB,
    "bytes",
    of="The same, where not its bytes are signed but what they say, in an order of its own (NOWPayments)",
    beyond="Its signature is not valid",
)
PAYMENT_RETURNS_MAX = _limit(
    "PAYMENT_RETURNS_MAX",
    60,
    "visits",
    of="Visits that bring forward the question to the gateway, for a payment in a quarter of an hour",
    beyond="It is asked at its usual times",
)
PAYMENT_OPENINGS_MAX = _limit(
    "PAYMENT_OPENINGS_MAX",
    30,
    "tries",
    of="Tries of a customer to open the payment provider's page in a quarter of an hour; one at a time of a payment",
    beyond="Refused",
)
PAYMENT_HOOK_CHECKS_MAX = _limit(
    "PAYMENT_HOOK_CHECKS_MAX",
    3_000,
    "webhooks",
    of="Webhooks of a payment method in a quarter of an hour, where the gateway has to be asked whether it sent them",
    beyond="503",
)
PAYMENTS_OPEN_MAX = _limit("PAYMENTS_OPEN_MAX", 5, "payments", of="A customer's unfinished payments", beyond="Refused")
PAYMENTS_A_DAY_MAX = _limit("PAYMENTS_A_DAY_MAX", 40, "payments", of="A customer's payments in a day", beyond="Refused")
PAYMENT_PROOF_CHARS_MAX = _limit(
    "PAYMENT_PROOF_CHARS_MAX", 200, "characters", of="What a customer writes as proof of a payment", beyond="Refused"
)
PAYMENT_AMOUNT_CHARS_MAX = _limit(
    "PAYMENT_AMOUNT_CHARS_MAX", 40, "characters", of="The amount of a payment", beyond="It is none"
)
VOUCHER_CHARS_MAX = _limit("VOUCHER_CHARS_MAX", 64, "characters", of="The code of a voucher", beyond="It is none")
VOUCHER_TRIES_MAX = _limit(
    "VOUCHER_TRIES_MAX",
    10,
    "codes",
    of="Codes of vouchers that a customer tries wrongly in a quarter of an hour; from one address 60",
    beyond="Refused, whatever the code",
)
UNPROVEN_LETTERS_OF_PANEL_MAX = _limit(
    "UNPROVEN_LETTERS_OF_PANEL_MAX",
    200,
    "emails",
    of="What a panel's staff write in a day to addresses that they typed in and nobody has confirmed (a setting)",
    beyond="Left out; of a ticket the answer stands there",
)
UNPROVEN_LETTERS_MAX = _limit(
    "UNPROVEN_LETTERS_MAX", 2_000, "emails", of="The same of all panels together (a setting)", beyond="The same"
)
LETTER_HTML_CHARS_MAX = _limit(
    "LETTER_HTML_CHARS_MAX", 200_000, "characters", of="An email to many, as a page", beyond="Refused"
)
MASS_LINES_MAX = _limit("MASS_LINES_MAX", 500, "lines", of="A mass order", beyond="Refused")
# So many lines with the longest links, and blank ones between them.
MASS_CHARS_MAX = _limit("MASS_CHARS_MAX", 1_100_000, "characters", of="A mass order", beyond="Refused")
SEARCH_CHARS_MAX = _limit(
    "SEARCH_CHARS_MAX", 200, "characters", of="A text in a search box", beyond="Its beginning is looked for"
)
SEARCH_WORDS_MAX = _limit("SEARCH_WORDS_MAX", 10, "words", of="The same, among services", beyond="The first ones count")
SEARCH_IDS_MAX = _limit("SEARCH_IDS_MAX", 100, "numbers", of="The same, among orders", beyond="The first ones count")
