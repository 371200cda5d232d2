"""The table of the report on support: how fast tickets are answered and closed, by topic and by who answered."""

from __future__ import annotations

from django.utils.translation import gettext as _

from panelwright.backoffice.report_tables import Table, TableCell, TableHead, TableLine, lasted
from panelwright.panels.models import Panel
from panelwright.reports import answer_times
from panelwright.reports.answer_times import Spans
from panelwright.reports.periods import Period
from panelwright.support import texts


def table(panel: Panel, period: Period) -> Table:
    """Without lines where nobody wrote."""
    found = answer_times.read(panel, period)
    lines = [_line(texts.subject(one.name), one) for one in found.by_subject]
    lines += [_line(one.name, one, name=True) for one in found.by_person]
    notes = [
        _("Of tickets that customers opened in the period. People: who answered first."),
        _("Only the newest %(many)d tickets are counted.") % {"many": answer_times.TICKETS_MAX} if found.looked else "",
    ]
    return Table(
        _("Topic or person"),
        [
            TableHead(_("Tickets")),
            TableHead(_("First answer, median")),
            TableHead(_("First answer, 90th percentile"), wide=2),
            TableHead(_("Closed"), wide=2),
            TableHead(_("Resolution, median")),
            TableHead(_("Resolution, 90th percentile"), wide=2),
        ],
        lines,
        total=_line(_("All"), found.all),
        note=" ".join(filter(None, notes)),
    )


def _line(label: str, one: Spans, *, name: bool = False) -> TableLine:
    return TableLine(
        label,
        "",
        [
            TableCell(str(one.tickets)),
            TableCell(lasted(answer_times.at_share(one.answered, 50))),
            TableCell(lasted(answer_times.at_share(one.answered, 90)), wide=2),
            TableCell(str(len(one.resolved)), wide=2),
            TableCell(lasted(answer_times.at_share(one.resolved, 50))),
            TableCell(lasted(answer_times.at_share(one.resolved, 90)), wide=2),
        ],
        name,
    )
