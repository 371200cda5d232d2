"""People and their programs: users, customers, staff, API keys."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from panelwright.core import clock
from panelwright.core.scoped import ScopedManager
from panelwright.ledger.models import Account
from panelwright.panels.models import Panel
from panelwright.staff.rights import Role


class User(AbstractBaseUser):
    """Somebody who can log in to one panel: a customer, or staff. E-mail is unique within the panel."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    email = models.EmailField()
    name = models.CharField(max_length=100, default="", db_default="", blank=True)
    # Empty: as the browser asks for it.
    language = models.CharField(max_length=10, default="", db_default="", blank=True)
    timezone = models.CharField(max_length=50, default="", db_default="", blank=True)
    # Kinds of e-mail that she does not want, separated by commas; see customers/emails.py.
    mails_off = models.CharField(max_length=200, default="", db_default="", blank=True)
    # The second factor: its secret, sealed, and the time step whose code was used last. Empty: none.
    totp_sealed = models.TextField(default="", db_default="", blank=True)
    totp_last_step = models.BigIntegerField(default=0, db_default=0)
    # The address was typed in by staff, and nobody has shown since that it is theirs by opening a letter that went
    # there (letter_limits.py).
    email_unproven = models.BooleanField(default=False, db_default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    objects = ScopedManager(panel="panel", manager_class=BaseUserManager)

    USERNAME_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "email"], name="user_panel_email")]
        indexes = [
            # What an address begins with is looked for: on PostgreSQL only this order of texts serves that.
            models.Index(
                fields=["panel", "email"], opclasses=["int8_ops", "varchar_pattern_ops"], name="user_email_begins"
            )
        ]


class Session(models.Model):
    """Somebody logged in, in one browser. Of the cookie's token only the SHA-256 digest is stored.

    `parent`: the session of the member of staff who is signed in as this customer; it ends with that one.
    `host_session_id`: of the operator who is signed in as this owner (host_guests.py), whose name is `host_name`, and
    who may move money where `host_money` says so.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    digest = models.CharField(max_length=64)
    address = models.CharField(max_length=45)
    browser = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE)
    # No foreign key: operators' tables lie above, and none of a panel points to them.
    host_session_id = models.BigIntegerField(null=True)
    host_name = models.CharField(max_length=300, default="", db_default="", blank=True)
    host_money = models.BooleanField(default=False, db_default=False)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "digest"], name="session_panel_digest"),
            models.CheckConstraint(
                condition=Q(host_session_id__isnull=True, host_name="", host_money=False)
                | (Q(host_session_id__isnull=False, parent__isnull=True) & ~Q(host_name="")),
                name="session_of_host",
            ),
        ]
        indexes = [
            models.Index(fields=["host_session_id"], condition=Q(host_session_id__isnull=False), name="session_host")
        ]


class HostTicket(models.Model):
    """What lets an operator into a panel as its owner: made on the operators' host, good for a minute and once, on this
    panel alone. Of its token only the digest is stored; what is not used is deleted with the next one."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    digest = models.CharField(max_length=64)
    host_session_id = models.BigIntegerField()
    host_name = models.CharField(max_length=300)
    host_money = models.BooleanField()
    # When the operator's own session ends at the latest, and what was begun from it.
    host_until = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "digest"], name="host_ticket_panel_digest")]


class StaffLink(models.Model):
    """That a member of staff is the same person as members of other panels: those whose links have the same `person`.

    Made with proof of both accounts (panel_link_actions.py), never by an address. `mark` changes with password and
    second factor: then the link counts no more.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    staff = models.OneToOneField("Staff", on_delete=models.PROTECT)
    person = models.CharField(max_length=32, db_index=True)
    mark = models.CharField(max_length=64)
    at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "person"], name="staff_link_panel_person"),
            models.CheckConstraint(condition=~Q(person="") & ~Q(mark=""), name="staff_link_says"),
        ]


class SwitchTicket(models.Model):
    """What lets somebody who is logged in at one panel into another, where she is staff, too: good for half a minute
    and once, at the other panel, while the session that asked for it is there. Only the token's digest is stored."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    digest = models.CharField(max_length=64)
    from_panel_id = models.BigIntegerField()
    from_session_id = models.BigIntegerField()
    expires_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "digest"], name="switch_ticket_panel_digest")]


class LoginHow(models.TextChoices):
    """How somebody came in."""

    PASSWORD = "password"
    SIGN_UP = "sign-up"
    INVITATION = "invitation"
    STAFF = "staff"  # a member of staff, signed in as the customer
    SWITCH = "switch"  # from another panel, where she is staff, too
    HOST = "host"  # an operator of the installation, signed in as the owner


class LoginRecord(models.Model):
    """That somebody logged in, kept when the session is over. `staff`: who of the staff it was, not its user."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, db_index=False)
    how = models.CharField(max_length=10, choices=LoginHow.choices)
    staff = models.ForeignKey("Staff", null=True, on_delete=models.PROTECT)
    address = models.CharField(max_length=45)
    browser = models.CharField(max_length=300)
    at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(how__in=LoginHow.values), name="login_record_how"),
            models.CheckConstraint(
                condition=Q(how="staff", staff__isnull=False) | (~Q(how="staff") & Q(staff__isnull=True)),
                name="login_record_staff",
            ),
        ]
        indexes = [models.Index(fields=["user", "id"], name="login_record_user")]


class Device(models.Model):
    """A browser that a user has logged in with; one that is not here is told of by e-mail."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "user", "digest"], name="device_panel_user_digest")]


class RecoveryCode(models.Model):
    """Logs in once in place of the second factor. Only its digest is stored."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "user", "digest"], name="recovery_panel_user_digest")]


class LetterKind(models.TextChoices):
    """What the link of a letter does."""

    SIGN_UP = "sign-up"
    RESET = "reset"
    NEW_EMAIL = "new-email"  # email: the new address
    INVITE = "invite"  # a new member of staff chooses a password


class LetterToken(models.Model):
    """What a link in an e-mail proves. Only the digest of its token is stored; it works once."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=LetterKind.choices)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    email = models.EmailField()
    digest = models.CharField(max_length=64)
    # The hash of a new account's password, until the letter was used.
    password = models.CharField(max_length=200, default="", blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "digest"], name="letter_token_panel_digest"),
            models.CheckConstraint(condition=Q(kind__in=LetterKind.values), name="letter_token_kind"),
        ]


class Attempts(models.Model):
    """How often something that can be guessed was tried in one stretch of time; see throttle_actions.py."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20)
    # A digest: whom or where from. Addresses that nobody signed up with are in here too.
    subject = models.CharField(max_length=64)
    stretch = models.BigIntegerField()
    count = models.BigIntegerField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "kind", "subject", "stretch"], name="attempts_panel_kind_subject")
        ]
        indexes = [models.Index(fields=["stretch"], name="attempts_stretch")]


class AddressAttempts(models.Model):
    """The same for what is counted over all panels of the installation: network addresses."""

    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=64)
    stretch = models.BigIntegerField()
    count = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "stretch"], name="address_attempts_kind_subject")
        ]
        indexes = [models.Index(fields=["stretch"], name="address_attempts_stretch")]


class Staff(models.Model):
    """A user who runs the panel: the owner, or somebody they trust. What they may do: staff/rights.py.

    `rights` are single ones, beside those of the role.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    user = models.OneToOneField(User, on_delete=models.PROTECT)
    role = models.CharField(max_length=9)
    rights = models.JSONField(default=list)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(role__in=[role.value for role in Role]), name="staff_role")]


class StaffKey(models.Model):
    """A key of the staff API. As with customers' keys, only its SHA-256 digest is stored.

    It may do what `rights` say and its owner still may.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT)
    name = models.CharField(max_length=100, default="", blank=True)
    rights = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    prefix = models.CharField(max_length=8)
    # Networks that may use it, as of a customer's key; empty: all.
    addresses = models.TextField(default="", db_default="", blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "digest"], name="staff_key_panel_digest")]


class PriceList(models.Model):
    """Prices for some customers: a discount on everything, and rates of its own for some services."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT)
    name = models.CharField(max_length=100)
    # Hundredths of a percent off the service's rate: 1250 is 12.5 %.
    percent_off_e2 = models.PositiveIntegerField(default=0)
    # One customer's own; the others are groups that staff put customers into.
    personal = models.BooleanField(default=False, db_default=False)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "name"], name="price_list_panel_name"),
            models.CheckConstraint(condition=Q(percent_off_e2__lte=10_000), name="price_list_percent"),
        ]


class Customer(models.Model):
    """Who orders: has one account with the balance, and any number of API keys."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    # What staff see in place of the id: the panel's own, see panels/numbers.py.
    number = models.BigIntegerField()
    user = models.OneToOneField(User, on_delete=models.PROTECT)
    account = models.OneToOneField(Account, on_delete=models.PROTECT)
    price_list = models.ForeignKey(PriceList, null=True, on_delete=models.PROTECT)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "number"], name="customer_number")]
        indexes = [models.Index(fields=["panel", "number"], condition=Q(enabled=False), name="customer_suspended")]


class CustomerNote(models.Model):
    """What staff write down about a customer, for each other. Never changed."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    text = models.TextField()
    author = models.CharField(max_length=300)
    at = models.DateTimeField()

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="customer_note_says_something")]
        indexes = [models.Index(fields=["customer", "id"], name="customer_note_customer")]


class ApiKey(models.Model):
    """A key of the API. The key itself is shown once and not stored: only its SHA-256 digest is.

    A plain digest is enough because the key is 40 random characters: there is nothing to guess.
    """

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    name = models.CharField(max_length=100, default="", blank=True)
    digest = models.CharField(max_length=64)
    prefix = models.CharField(max_length=8)
    can_read = models.BooleanField(default=True)
    can_order = models.BooleanField(default=True)
    # Networks that may use it ("203.0.113.0/24, 2001:db8::1"); empty: all.
    addresses = models.TextField(default="", blank=True)
    # The most that orders of one UTC day may cost; null: no cap. Counted in the two columns below.
    daily_cap_micros = models.BigIntegerField(null=True)
    spent_micros = models.BigIntegerField(default=0)
    spent_on = models.DateField(null=True)
    # Requests a minute; null: the panel's number.
    per_minute_max = models.PositiveIntegerField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(panel="panel")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "digest"], name="api_key_panel_digest"),
            models.CheckConstraint(condition=Q(daily_cap_micros__gte=0), name="api_key_cap"),
        ]
        indexes = [
            models.Index(fields=["digest"], name="api_key_digest"),
            models.Index(fields=["panel", "id"], name="api_key_panel"),
            models.Index(fields=["customer", "id"], name="api_key_customer"),
            models.Index(fields=["customer", "id"], condition=Q(revoked_at__isnull=True), name="api_key_in_use"),
        ]


class KeyUse(models.Model):
    """Requests of a key in one minute, over all processes; see customers/rate_limits.py."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    minute = models.BigIntegerField()  # minutes since 1970
    requests = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "minute"], name="key_use_key_minute")]
        indexes = [models.Index(fields=["minute"], name="key_use_minute")]
