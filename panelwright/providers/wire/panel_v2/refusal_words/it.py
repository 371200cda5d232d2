"""Italian."""

LINES = {
    "funds": r"""
        (saldo|credito|fondi|crediti) (e |sono )?(insufficient[ei]|non sufficient[ei])
        (saldo|credito) (troppo )?basso
        (senza|nessun) (credito|saldo|fondi)
    """,
    "key": r"""
        chiave (api )?(non valida|errata|scaduta|disattivata)
    """,
    "duplicate": r"""
        ordin[ei] (gia )?(attiv[oi]|in corso|in elaborazione)
        gia un ordine
        stesso link
        ordine .{0,30}(in corso|e attivo|in elaborazione|in lavorazione|non (e |ancora |e ancora )?(completato|
          terminato|concluso))
        (altro|secondo) ordine
        ordine (precedente|aperto|esistente|incompleto|duplicato)
        link (e )?(gia|in) (uso|utilizzato|usato|in uso|in corso|lavorazione)
    """,
    "not_found": r"""
        ordine (non trovato|inesistente|non esiste)
    """,
    "limit": r"""
        troppe richieste
    """,
    "quantity": r"""
        quantita (e )?(inferiore|superiore) (al|alla) (minim[oa]|massim[oa])
        quantita (minima|massima|non valida|errata|troppo bassa|troppo alta)
    """,
    "service": r"""
        servizio (non trovato|inesistente|non valido|non esiste)
    """,
    "service_loose": r"""
        servizio (non disponibile|disattivato|sospeso)
    """,
    "link": r"""
        link (non valido|non corretto|errato|non trovato)
        (profilo|account) (e )?privato
    """,
    "limit_loose": r"""
        riprova (piu tardi|tra)
        in manutenzione
    """,
    "breakdown": r"""
        errore (interno|sconosciuto|imprevisto|del server|di sistema|di connessione)
    """,
    "vague": r"""
        (si e verificato|c e stato) un (errore|problema)
        qualcosa e andato storto
    """,
}
