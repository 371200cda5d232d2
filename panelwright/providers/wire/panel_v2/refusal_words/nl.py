"""Dutch."""

LINES = {
    "funds": r"""
        (onvoldoende|te weinig|niet genoeg|niet voldoende|geen) (saldo|tegoed|geld|krediet)
        (saldo|tegoed|krediet) (is )?(onvoldoende|ontoereikend|te laag|niet (voldoende|toereikend))
    """,
    "key": r"""
        (ongeldige|onjuiste|verkeerde) (api )?sleutel
        (api )?sleutel (is )?(ongeldig|onjuist|verlopen)
    """,
    "duplicate": r"""
        (actieve|lopende|openstaande|dubbele|vorige) bestelling
        bestelling .{0,30}(nog|al|reeds) (actief|bezig|in behandeling|niet voltooid)
        (dezelfde|zelfde) (link|url)
        link (is )?(al|reeds) in gebruik
    """,
    "not_found": r"""
        bestelling (niet gevonden|bestaat niet)
        (ongeldige|onbekende) bestelling
    """,
    "limit": r"""
        te veel (verzoeken|aanvragen)
    """,
    "quantity": r"""
        (minimale|maximale|minimum|maximum|ongeldige|ongeldig|onjuiste|onjuist) (hoeveelheid|aantal)
        (hoeveelheid|aantal) (is )?(te (laag|hoog|klein|groot)|ongeldig|onjuist)
    """,
    "service": r"""
        (ongeldige|onbekende) (dienst|service)
        (dienst|service) (niet gevonden|bestaat niet)
    """,
    "service_loose": r"""
        (dienst|service) (is )?(niet beschikbaar|uitgeschakeld|gesloten)
    """,
    "link": r"""
        (ongeldige|onjuiste|verkeerde) (link|url)
        (link|url) (is )?(ongeldig|onjuist|niet geldig)
        (account|profiel) is (prive|besloten)
    """,
    "limit_loose": r"""
        probeer (het )?later
        in onderhoud
    """,
    "breakdown": r"""
        (interne|onbekende|onverwachte) (server)?fout
        (server|systeem)fout
    """,
    "vague": r"""
        er is (een fout opgetreden|iets (misgegaan|mis gegaan|fout gegaan))
    """,
}
