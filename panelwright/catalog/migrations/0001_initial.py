import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("customers", "0001_initial"),
        ("panels", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("position", models.PositiveIntegerField(default=0)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("panel", "name"), name="category_panel_name")],
            },
        ),
        migrations.CreateModel(
            name="Service",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField()),
                ("name", models.CharField(max_length=300)),
                ("description", models.TextField(blank=True, default="")),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("Default", "Default"),
                            ("Package", "Package"),
                            ("SEO", "SEO"),
                            ("Custom Comments", "Custom Comments"),
                            ("Mentions with Hashtags", "Mentions with Hashtags"),
                            ("Mentions Custom List", "Mentions Custom List"),
                            ("Mentions Hashtag", "Mentions Hashtag"),
                            ("Mentions User Followers", "Mentions User Followers"),
                            ("Mentions Media Likers", "Mentions Media Likers"),
                            ("Subscriptions", "Subscriptions"),
                            ("Custom Comments Package", "Custom Comments Package"),
                            ("Comment Likes", "Comment Likes"),
                            ("Poll", "Poll"),
                            ("Comment Replies", "Comment Replies"),
                            ("Invites from Groups", "Invites from Groups"),
                            ("Mentions", "Mentions"),
                            ("Web Traffic", "Web Traffic"),
                        ],
                        max_length=30,
                    ),
                ),
                ("rate_micros", models.BigIntegerField()),
                ("min", models.BigIntegerField()),
                ("max", models.BigIntegerField()),
                ("refill", models.BooleanField(default=False)),
                ("refill_days", models.PositiveIntegerField(default=30, null=True)),
                ("cancel", models.BooleanField(default=False)),
                ("drip_feed", models.BooleanField(default=False)),
                ("unique_link", models.BooleanField(default=False)),
                ("private", models.BooleanField(default=False)),
                ("enabled", models.BooleanField(default=True)),
                ("position", models.PositiveIntegerField(default=0)),
                ("category", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="catalog.category")),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("panel", "number"), name="service_panel_number"),
                    models.CheckConstraint(condition=models.Q(("number__gt", 0)), name="service_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "type__in",
                                [
                                    "Default",
                                    "Package",
                                    "SEO",
                                    "Custom Comments",
                                    "Mentions with Hashtags",
                                    "Mentions Custom List",
                                    "Mentions Hashtag",
                                    "Mentions User Followers",
                                    "Mentions Media Likers",
                                    "Subscriptions",
                                    "Custom Comments Package",
                                    "Comment Likes",
                                    "Poll",
                                    "Comment Replies",
                                    "Invites from Groups",
                                    "Mentions",
                                    "Web Traffic",
                                ],
                            )
                        ),
                        name="service_type",
                    ),
                    models.CheckConstraint(condition=models.Q(("rate_micros__gte", 0)), name="service_rate"),
                    models.CheckConstraint(
                        condition=models.Q(("min__gte", 1), ("max__gte", models.F("min"))), name="service_min_max"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceListRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rate_micros", models.BigIntegerField()),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
                (
                    "price_list",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="customers.pricelist"),
                ),
                ("service", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="catalog.service")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("panel", "price_list", "service"), name="price_list_service"),
                    models.CheckConstraint(condition=models.Q(("rate_micros__gte", 0)), name="price_list_rate"),
                ],
            },
        ),
    ]
