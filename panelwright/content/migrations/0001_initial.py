import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("panels", "0002_delivery"),
    ]

    operations = [
        migrations.CreateModel(
            name="Announcement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                ("body", models.TextField()),
                ("language", models.CharField(blank=True, default="", max_length=10)),
                ("published_at", models.DateTimeField()),
                ("by", models.CharField(max_length=200)),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
            ],
            options={
                "indexes": [models.Index(fields=["panel", "id"], name="announcement_panel")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("title", ""), _negated=True), name="announcement_title"),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.LessThanOrEqual(
                            django.db.models.functions.text.Length("body"), 20000
                        ),
                        name="announcement_body_max",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Page",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.CharField(max_length=60)),
                ("language", models.CharField(max_length=10)),
                ("title", models.CharField(max_length=200)),
                ("body", models.TextField()),
                ("in_menu", models.BooleanField(default=False)),
                ("position", models.PositiveIntegerField(default=0)),
                ("updated_at", models.DateTimeField()),
                ("panel", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="panels.panel")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("panel", "slug", "language"), name="page_panel_slug_language"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("slug", ""), _negated=True), models.Q(("title", ""), _negated=True)
                        ),
                        name="page_slug_title",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.LessThanOrEqual(
                            django.db.models.functions.text.Length("body"), 100000
                        ),
                        name="page_body_max",
                    ),
                ],
            },
        ),
    ]
