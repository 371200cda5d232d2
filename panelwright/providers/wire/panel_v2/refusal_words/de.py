"""German."""

LINES = {
    "funds": r"""
        guthaben (ist )?(nicht ausreichend|zu niedrig|zu gering|reicht nicht|aufgebraucht|unzureichend)
        (nicht genugend|nicht genug|zu wenig|kein|unzureichendes) guthaben
        (bitte )?guthaben aufladen
    """,
    "key": r"""
        (ungultiger|falscher|unbekannter) api (schlussel|key)
        api schlussel (ist )?(ungultig|falsch|gesperrt|unbekannt)
    """,
    "duplicate": r"""
        aktive bestellung
        bereits (eine )?(aktive |laufende |offene )?bestellung
        bestellung (\w+ ){0,4}(lauft bereits|lauft noch|in bearbeitung)
        (gleichen|selben) link
        bestellung .{0,40}(lauft|ist (noch )?aktiv|in bearbeitung|noch offen|nicht abgeschlossen|noch nicht)
        (laufende|offene|andere|vorherige|bestehende|unvollstandige|zweite) bestellung
        link (ist |wird )?(bereits|schon|gerade) (verwendet|benutzt|vorhanden|in (bearbeitung|benutzung|verwendung)|
          bearbeitet)
        doppelte (bestellung|link)
    """,
    "not_found": r"""
        bestellung (wurde )?nicht gefunden
        (ungultige|falsche|unbekannte) bestell(ung|nummer)
    """,
    "limit": r"""
        zu viele anfragen
    """,
    "quantity": r"""
        (mindestmenge|hochstmenge|mindestbestellmenge)
        menge (ist )?(zu klein|zu gross|zu niedrig|zu hoch|ungultig)
        (ungultige|falsche) menge
    """,
    "service": r"""
        (dienst|service) (wurde )?nicht gefunden
        (ungultiger|unbekannter|falscher) (dienst|service)
    """,
    "service_loose": r"""
        (dienst|service) (ist )?(nicht verfugbar|deaktiviert|pausiert)
    """,
    "link": r"""
        (ungultiger|falscher|fehlerhafter|ungultige|falsche) (link|url)
        link (ist )?(ungultig|falsch|fehlerhaft|nicht korrekt)
        (profil|konto|account) (ist )?privat
        kein gultiger link
    """,
    "limit_loose": r"""
        spater (noch einmal|erneut|wieder)
        wartungsarbeiten
    """,
    "breakdown": r"""
        (interner|unbekannter|unerwarteter) fehler
        (server|system|datenbank|verbindungs)fehler
    """,
    "vague": r"""
        (fehler|problem) (ist )?aufgetreten
        etwas ist schief ?gelaufen
        etwas ist schief ?gegangen
    """,
}
