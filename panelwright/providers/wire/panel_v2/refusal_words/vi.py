"""Vietnamese."""

LINES = {
    "funds": r"""
        (so du|tai khoan|tien|ngan sach) (\w+ ){0,3}khong du
        khong du (so du|tien)
        (het|thieu) tien
        (vui long )?nap (them )?tien
    """,
    "key": r"""
        (api key|khoa api|api) (\w+ )?khong (hop le|dung|ton tai)
        khoa (api )?khong (hop le|dung)
    """,
    "duplicate": r"""
        (don hang|don) (\w+ ){0,3}dang (chay|xu ly|thuc hien|hoat dong)
        (da co|ton tai) don (hang )?
        (da|dang) ton tai don
        dang co don (\w+ ){0,2}(chay|xu ly|hoat dong)
        trung (lap|link|don)
        (cung|trung) (mot )?(link|lien ket)
        dang (chay|xu ly) (link|lien ket)
        (link|lien ket|duong dan|url) (nay )?(da|dang) (co don|ton tai|duoc su dung|su dung|duoc dat|chay|xu ly|
          hoat dong)
        don (hang )?.{0,25}(chua hoan thanh|chua xong|chua ket thuc)
        don (hang )?(khac|truoc|cu)\b
    """,
    "not_found": r"""
        khong (tim thay|ton tai) don
        don hang khong (ton tai|hop le)
    """,
    "limit": r"""
        (qua nhieu|nhieu) (yeu cau|request)
        vuot (qua )?gioi han
    """,
    "quantity": r"""
        so luong .{0,25}(nho hon|lon hon|it nhat|toi thieu|toi da|khong hop le|boi so)
        (toi thieu|toi da) (la )?\d
    """,
    "service": r"""
        dich vu khong (ton tai|hop le)
        khong tim thay dich vu
    """,
    "service_loose": r"""
        dich vu (\w+ ){0,3}(tam dung|bao tri|da dong|ngung|khong hoat dong|khong kha dung)
    """,
    "link": r"""
        (link|lien ket|duong dan|url) (\w+ )?(khong hop le|khong dung|sai|loi)
        (sai|loi) (link|lien ket|duong dan)
        (tai khoan|trang ca nhan) (rieng tu|bi khoa)
    """,
    "limit_loose": r"""
        (thu lai|thu) sau
        dang bao tri
    """,
    "breakdown": r"""
        loi (he thong|may chu|khong xac dinh|ket noi|server)
    """,
    "vague": r"""
        (co|xay ra|gap) (mot )?loi\b
        da xay ra su co
    """,
}
