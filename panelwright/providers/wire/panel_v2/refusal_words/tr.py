"""Turkish."""

LINES = {
    "funds": r"""
        yetersiz (bakiye|kredi)
        (bakiye|kredi)\w* (\w+ )?(yetersiz|yeterli degil|yetmiyor|dusuk|yok)
        yeterli (bakiye|kredi)
        (bakiye|para) yukle
        paraniz yok
    """,
    "key": r"""
        api anahtari
        (gecersiz|hatali|yanlis) (api )?(anahtar|key)
        (hesabiniz|kullaniciniz|uyeliginiz) (pasif|engellen|askiya)
        yetkisiz
    """,
    "disabled": r"""
        (telafi|iptal|refill)\w*.{0,40}(kapali|devre disi|desteklenm|mumkun degil|yok|edilemez)
    """,
    "duplicate": r"""
        (aktif|devam eden|acik|bekleyen) (bir )?siparis
        ayni (link|baglanti|kullanici)
        zaten (var|mevcut|calisiyor|isleniyor|devam|siparis|aktif|eklen|islemde)
        tamamlanmasini bekle
        onceki siparis
        mukerrer
        (link|baglanti|url|kullanici adi|hesap|profil)\w* (su an |halen |hala |zaten )?(kullanimda|kullaniliyor|
          islemde|isleniyor|mesgul|
          calisiyor)
        siparis\w* .{0,30}(devam ed|tamamlanma|bitme|isleniyor|islemde|suruyor)
        (tamamlanmamis|bitmemis|suren|calisan|baska|diger) (bir )?siparis
    """,
    "not_found": r"""
        siparis\w*.{0,20}bulunamadi
        (gecersiz|hatali|yanlis) siparis
    """,
    "limit": r"""
        cok fazla (istek|talep|deneme)
        (limit|sinir)\w* (asildi|doldu)
    """,
    "quantity": r"""
        (miktar|adet)\w* .{0,30}(az|fazla|kucuk|buyuk|gecersiz|hatali|minimum|maksimum|kati)
        (minimum|maksimum|en az|en fazla) .{0,15}(miktar|adet|siparis|\d)
        (gecersiz|hatali|yanlis) (miktar|adet)
    """,
    "service": r"""
        (gecersiz|hatali|yanlis) (servis|hizmet)
        (servis|hizmet)\w* .{0,20}(bulunamadi|gecersiz|mevcut degil|kaldirild)
    """,
    "service_loose": r"""
        (servis|hizmet)\w* .{0,30}(pasif|kapali|aktif degil|devre disi|kullanilamiyor|durdurul)
    """,
    "link": r"""
        (gecersiz|hatali|yanlis|eksik) (link|baglanti|url|kullanici adi)
        (link|baglanti|url)\w* (\w+ )?(gecersiz|hatali|yanlis|eksik|bulunamadi)
        (gizli|kapali) (hesap|profil)
        (hesap|profil)\w* (gizli|kapali)
        (tam|gecerli) (bir )?(link|baglanti)
    """,
    "limit_loose": r"""
        daha sonra
        bakim
        gecici
        tekrar deney
    """,
    "breakdown": r"""
        bilinmeyen (bir )?hata
        (sunucu|sistem|veritabani|baglanti) hatasi
    """,
    "vague": r"""
        (bir )?hata (olustu|meydana geldi)
        bir (seyler|sey) (ters|yanlis) (gitti|oldu)
        bir sorun olustu
        beklenmeyen (bir )?hata
    """,
}
