"""Indonesian and Malay."""

LINES = {
    "funds": r"""
        saldo (anda |kamu |akun )?(tidak|kurang|belum|habis|tdk|ga|gak)
        (tidak|kurang) (cukup )?saldo
        baki (anda )?tidak mencukupi
        (isi|top up) saldo
    """,
    "key": r"""
        (api key|kunci api) (anda )?(salah|tidak)
        akun (anda|kamu) (\w+ )?(tidak aktif|diblokir|ditangguhkan)
    """,
    "duplicate": r"""
        (pesanan|order|orderan) (\w+ ){0,3}(masih|sedang) (aktif|berjalan|diproses|proses|berlangsung)
        (masih|sedang|sudah) (ada|memiliki) (pesanan|order)
        (target|link|tautan) yang sama
        (pesanan|order) (yang sama|ganda|duplikat)
        (link|tautan|target) (masih|sedang) (dalam )?(proses|diproses|berjalan|aktif)
        tunggu .{0,25}(pesanan|order|selesai)
        (pesanan|order|orderan) .{0,30}(belum (selesai|tuntas)|sudah ada)
        (link|tautan|target|akun|username) (\w+ )?(sudah|masih|sedang|telah) (ada|digunakan|dipakai|terdaftar|dipesan|
          berjalan)
        (pesanan|order) (sebelumnya|lain)
    """,
    "not_found": r"""
        (pesanan|id pesanan) (tidak ditemukan|tidak ada|salah)
    """,
    "limit": r"""
        terlalu banyak (permintaan|request|percobaan)
        batas .{0,15}(terlampaui|tercapai)
    """,
    "quantity": r"""
        (jumlah|kuantitas) .{0,25}(minimal|maksimal|minimum|maksimum|kurang|melebihi|tidak valid|salah|kelipatan)
        (minimal|maksimal|minimum|maksimum) (pemesanan|pesan|order|jumlah|adalah)
    """,
    "service": r"""
        layanan (tidak ditemukan|tidak ada|tidak valid|salah|tidak tersedia)
    """,
    "service_loose": r"""
        layanan (\w+ ){0,3}(nonaktif|tidak aktif|ditutup|dinonaktifkan|gangguan)
    """,
    "link": r"""
        (link|tautan|url|target) (\w+ )?(tidak valid|salah|tidak benar|tidak sesuai|tidak ditemukan)
        akun (\w+ )?(privat|private|di kunci|terkunci)
    """,
    "limit_loose": r"""
        coba lagi (nanti|setelah)?
        (sedang )?(pemeliharaan|perbaikan|maintenance)
    """,
    "breakdown": r"""
        kesalahan (server|sistem|internal|koneksi|pelayan)
        (server|sistem) (sedang )?(error|gangguan)
    """,
    "vague": r"""
        (terjadi|telah berlaku|berlaku) (kesalahan|ralat)
        ada yang salah
    """,
}
