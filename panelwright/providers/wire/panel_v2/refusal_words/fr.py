"""French."""

LINES = {
    "funds": r"""
        (solde|fonds|credits?) insuffisants?
        pas assez (de |d )?(fonds|solde|credits?|argent)
        solde (est |trop )*(insuffisant|faible|bas)
    """,
    "key": r"""
        cle (d |de l )?api
        cle (est )?(invalide|incorrecte)
        non autorise
    """,
    "duplicate": r"""
        commande (est )?(deja )?(active|en cours)
        deja (en cours|existante|une commande|passe)
        meme lien
        commande .{0,30}(en cours|deja active|(non|pas|pas encore) terminee|inachevee)
        (autre|deuxieme) commande
        commande (precedente|existante|en attente|ouverte)
        lien (est )?(deja|en cours d )(utilise|utilisation|traite|traitement|existant)
        doublon
    """,
    "not_found": r"""
        commande (introuvable|inexistante|non trouvee|invalide)
    """,
    "limit": r"""
        trop de (requetes|demandes|tentatives)
        limite (est )?(atteinte|depassee)
    """,
    "quantity": r"""
        quantite .{0,25}(min|max|invalide|incorrecte|inferieure|superieure|multiple)
        (inferieure|superieure) .{0,10}(min|max)
    """,
    "service": r"""
        service (est )?(invalide|introuvable|inexistant|incorrect)
    """,
    "service_loose": r"""
        service (est |actuellement )*(desactive|indisponible|ferme|inactif|suspendu)
    """,
    "link": r"""
        lien (est )?(invalide|incorrect|errone|mauvais|introuvable)
        lien (n est pas|non) (valide|correct|complet|pris en charge)
        (mauvais|faux) lien
        (compte|profil) (est )?prive
    """,
    "limit_loose": r"""
        plus tard
        temporairement
    """,
    "breakdown": r"""
        erreur (interne|inconnue|inattendue|du serveur|serveur|systeme|de connexion)
    """,
    "vague": r"""
        (erreur|probleme) (est |s est )(survenue?|produite?)
        quelque chose s est mal passe
    """,
}
