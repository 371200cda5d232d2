import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ledger", "0001_initial"),
        ("panels", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("email", models.EmailField(max_length=254)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("panel", "email"), name="user_panel_email")],
            },
        ),
        migrations.CreateModel(
            name="PriceList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("percent_off_e2", models.PositiveIntegerField(default=0)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("panel", "name"), name="price_list_panel_name"),
                    models.CheckConstraint(
                        condition=models.Q(("percent_off_e2__lte", 10000)), name="price_list_percent"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("account", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="ledger.account")),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
                (
                    "user",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
                (
                    "price_list",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="customers.pricelist"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, default="", max_length=100)),
                ("digest", models.CharField(max_length=64)),
                ("prefix", models.CharField(max_length=8)),
                ("can_read", models.BooleanField(default=True)),
                ("can_order", models.BooleanField(default=True)),
                ("addresses", models.TextField(blank=True, default="")),
                ("daily_cap_micros", models.BigIntegerField(null=True)),
                ("spent_micros", models.BigIntegerField(default=0)),
                ("spent_on", models.DateField(null=True)),
                ("per_minute_max", models.PositiveIntegerField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="customers.customer")),
            ],
            options={
                "indexes": [models.Index(fields=["digest"], name="api_key_digest")],
                "constraints": [
                    models.UniqueConstraint(fields=("panel", "digest"), name="api_key_panel_digest"),
                    models.CheckConstraint(condition=models.Q(("daily_cap_micros__gte", 0)), name="api_key_cap"),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeyUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minute", models.BigIntegerField()),
                ("requests", models.BigIntegerField(default=0)),
                ("key", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="customers.apikey")),
            ],
            options={
                "indexes": [models.Index(fields=["minute"], name="key_use_minute")],
                "constraints": [models.UniqueConstraint(fields=("key", "minute"), name="key_use_key_minute")],
            },
        ),
        migrations.CreateModel(
            name="Staff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(choices=[("owner", "Owner"), ("staff", "Staff")], default="staff", max_length=6),
                ),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
                (
                    "user",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("role__in", ["owner", "staff"])), name="staff_role")
                ],
            },
        ),
    ]
