from __future__ import annotations
import os
import pytest
from playwright.sync_api import Browser, Page
from tests.browser.conftest import Town, enter
from tests.browser.crowded import Crowded, crowd
from tests.browser.pages import inside, office, public
from tests.support.looks import resize
from tests.support.widths import cut
pytestmark = pytest.mark.one_database

@pytest.fixture(scope="module")
def crowded(town: Town, browser: Browser) -> Crowded:
    return crowd(town, browser)

def test_pics(page: Page, crowded: Crowded) -> None:
    lang = os.environ.get("PICS_LANG", "en")
    enter(page, crowded.url, crowded.staff)
    addresses = office(crowded.world, forms=False)
    print({k for k in addresses})
    for item in os.environ["PICS"].split():
        name, _, widths = item.rpartition(":")
        for key, address in addresses.items():
            if name in key:
                page.goto(f"{crowded.url}{address}{'&' if '?' in address else '?'}lang={lang}")
                wrong = cut(page)
                print(key, wrong)
                for width in widths.split(","):
                    resize(page, {"width": int(width), "height": 900})
                    page.screenshot(path=f"/tmp/pics/{key.replace('/','_').replace(':','_').replace('?','_')}_{width}.png".replace(" ","_"))
