"""Ids in addresses: encrypted, and only those that were made here lead anywhere."""

from __future__ import annotations

import pytest

from panelwright.core.secret import conceal
from panelwright.ui.hidden import HiddenId, hidden_id


def test_an_id_comes_back_out_of_its_address() -> None:
    assert len({hidden_id(id_)[:6] for id_ in range(1, 100)}) == 99
    for id_ in (1, 7, 10**18):
        text = HiddenId().to_url(id_)
        assert text == hidden_id(id_)
        assert HiddenId().to_python(text) == id_


@pytest.mark.parametrize("text", ["7", "A" * 24, "A" * 22 + "==", conceal("7", purpose="something else")])
def test_what_was_not_made_here_leads_nowhere(text: str) -> None:
    with pytest.raises(ValueError, match="nothing that was concealed"):
        HiddenId().to_python(text)


def test_a_changed_address_leads_nowhere() -> None:
    text = hidden_id(12)
    with pytest.raises(ValueError, match="nothing that was concealed"):
        HiddenId().to_python(("B" if text[0] == "A" else "A") + text[1:])
