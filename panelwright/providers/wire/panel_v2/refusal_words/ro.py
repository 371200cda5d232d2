"""Romanian."""

LINES = {
    "funds": r"""
        (fonduri|bani|credite) insuficient[ei]
        (sold|credit|fondurile|soldul|creditul) (\w+ ){0,2}insuficient
        nu (ai|aveti) (destule |suficiente |suficienti |destui )?(fonduri|bani|credite)
    """,
    "key": r"""
        (cheie|cheia) (api )?(este )?(invalida|gresita|incorecta)
    """,
    "duplicate": r"""
        (comanda|comenzi) (activa|active|in curs|in desfasurare|in procesare|duplicata)
        acelasi link
    """,
    "not_found": r"""
        comanda (nu exista|nu a fost gasita|inexistenta|invalida)
    """,
    "limit": r"""
        prea multe (cereri|solicitari)
    """,
    "quantity": r"""
        (cantitate|cantitatea) (este )?(minima|maxima|invalida|incorecta|prea (mica|mare))
    """,
    "service": r"""
        (serviciu|serviciul) (este )?(invalid|inexistent)
        serviciul nu (exista|a fost gasit)
    """,
    "service_loose": r"""
        serviciul (este )?(indisponibil|dezactivat|inchis)
        serviciul nu este (disponibil|activ)
    """,
    "link": r"""
        (link|linkul) (este )?(invalid|gresit|incorect)
        (cont|contul|profil|profilul) (este )?privat
    """,
    "limit_loose": r"""
        (incearca|incercati) (din nou )?mai tarziu
    """,
    "breakdown": r"""
        eroare (interna|necunoscuta|neasteptata|de (server|sistem|conexiune))
    """,
    "vague": r"""
        a aparut o (eroare|problema)
    """,
}
