"""Operators: whoever runs the installation. Their rows belong to no panel, so they are the few tables here that name
none; nothing of a panel points to them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from panelwright.core import clock


class Operator(models.Model):
    """Somebody who runs the installation. Apart from the users of panels, and made by a command alone.

    There is no operator without a second factor: it is made with the account (actions.py).
    """

    email = models.EmailField(unique=True)
    # As passwords of users are hashed (customers/passwords.py).
    password = models.CharField(max_length=200)
    password_at = models.DateTimeField(default=clock.now)
    totp_sealed = models.TextField()
    totp_last_step = models.BigIntegerField(default=0)
    factor_at = models.DateTimeField(default=clock.now)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)
    last_login_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(totp_sealed=""), name="operator_has_factor")]


class OperatorSession(models.Model):
    """An operator who is logged in, in one browser. Of the cookie's token only the SHA-256 digest is stored."""

    operator = models.ForeignKey(Operator, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    address = models.CharField(max_length=45)
    browser = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()


class WorkerBeat(models.Model):
    """That a worker is alive, and how its loops fare: {name: {"at": when its last round ended, "failures": n}}.

    Written every few seconds by the worker itself, and removed when it stops.
    """

    # Host, process and a random part: unique over all hosts and starts.
    name = models.CharField(max_length=150, unique=True)
    version = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    loops = models.JSONField(default=dict)


class OperatorRecoveryCode(models.Model):
    """Logs in once in place of the app's code. Only its digest is stored."""

    operator = models.ForeignKey(Operator, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["operator", "digest"], name="operator_recovery_digest")]
