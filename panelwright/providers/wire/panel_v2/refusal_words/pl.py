"""Polish."""

LINES = {
    "funds": r"""
        (niewystarczajac\w+|brak|za malo) (srodkow|srodki|saldo)
        (saldo|srodk\w+) .{0,20}(niewystarczajac\w+|za nisk\w+|za male)
        doladuj (konto|saldo)
    """,
    "key": r"""
        (nieprawidlowy|niepoprawny|bledny|zly) klucz
        klucz api .{0,20}(nieprawidlowy|niepoprawny|bledny)
    """,
    "disabled": r"""
        (uzupelnieni\w+|anulowani\w+) .{0,30}(niedostepn\w+|wylaczon\w+|niemozliw\w+)
    """,
    "duplicate": r"""
        (masz juz|istnieje juz|posiadasz juz) .{0,20}zamowieni\w+
        (aktywne|trwajace) zamowieni\w+
        poczekaj .{0,30}zakoncz\w+
        zamowieni\w+ .{0,40}(w trakcie|w toku|w realizacji|realizowan\w+|przetwarzan\w+|niezakonczon\w+|
          nie (jest|zostalo) zakonczon\w+)
        (niezakonczone|otwarte|poprzednie|inne|istniejace) zamowieni\w+
        (juz|nadal|jeszcze|wciaz) (jest )?(w trakcie|w toku|realizowan\w+|przetwarzan\w+|aktywn\w+|w kolejce|w uzyciu)
        (link|adres|url|profil)\w* (juz |nadal )?(jest )?(w uzyciu|uzywan\w+|zajet\w+)
        (ten sam|tym samym|tego samego|do tego samego) link
    """,
    "not_found": r"""
        (nie znaleziono|nieprawidlowe|niepoprawne|bledne) (id )?zamowieni\w+
        zamowieni\w+ nie (istnieje|znaleziono)
    """,
    "limit": r"""
        (zbyt wiele|za duzo) (zapytan|zadan|prob)
    """,
    "quantity": r"""
        (nieprawidlowa|niepoprawna|bledna) ilosc
        (minimalna|maksymalna) ilosc
        ilosc .{0,30}(mniejsza|wieksza|za mala|za duza|wielokrotnosc)
    """,
    "service": r"""
        (nieprawidlowa|niepoprawna|bledna) uslug\w+
        uslug\w+ nie (istnieje|znaleziono)
        nie znaleziono uslug\w+
    """,
    "service_loose": r"""
        uslug\w+ .{0,30}(niedostepn\w+|wylaczon\w+|nieaktywn\w+|wstrzyman\w+)
    """,
    "link": r"""
        (nieprawidlowy|niepoprawny|bledny|zly) (link|adres|url)
        (link|adres|url) .{0,20}(nieprawidlowy|niepoprawny|bledny)
        (konto|profil) .{0,20}prywatn\w+
    """,
    "limit_loose": r"""
        (sprobuj|prosze sprobowac) .{0,20}(ponownie|pozniej)
        przerwa techniczna
    """,
    "breakdown": r"""
        blad (wewnetrzny|serwera|systemu|bazy danych|polaczenia)
        (wewnetrzny|nieznany|nieoczekiwany) blad
        przekroczono (limit czasu|czas oczekiwania)
    """,
    "vague": r"""
        (wystapil|pojawil sie) (\w+ )?(blad|problem)
        cos poszlo nie tak
    """,
}
