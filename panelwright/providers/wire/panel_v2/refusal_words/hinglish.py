"""Hindi as it is typed in Latin letters, with English words in it."""

LINES = {
    "funds": r"""
        (balance|paise|paisa|paisa) (kam|kum|nahi|nahin|khatam)
        (paryapt|pura) (balance|paisa) nahi
        (balance|wallet) (add|recharge) (karo|kare|karen|kijiye)
    """,
    "key": r"""
        (galat|invalid) (api )?key
        (api )?key (galat|sahi nahi)
    """,
    "disabled": r"""
        (refill|cancel) (band|nahi ho sakta|available nahi|uplabdh nahi)
    """,
    "duplicate": r"""
        (pehle se|already) .{0,20}order (hai|chal|active|running)
        order (pehle se|chal raha|pura hone)
        (is|isi) link (par|pe) .{0,20}order
        order .{0,20}(pura nahi|complete nahi|pending (hai|he)|chalu (hai|he))
        link .{0,20}(use me|use mein|pehle se|chal raha)
    """,
    "not_found": r"""
        order (nahi mila|nahin mila|galat|exist nahi)
        galat order
    """,
    "limit": r"""
        (bahut|bohot|bahot) (zyada|jyada) request
    """,
    "quantity": r"""
        (galat|kam|zyada|jyada) (quantity|matra)
        quantity .{0,20}(kam|zyada|jyada|galat) (hai|he|nahi)
        (kam se kam|zyada se zyada|jyada se jyada) .{0,15}\d
    """,
    "service": r"""
        service (nahi mili|nahin mili|nahi hai|galat)
        galat service
    """,
    "service_loose": r"""
        service .{0,20}(band|bandh|uplabdh nahi)
    """,
    "link": r"""
        galat (link|url|username)
        (link|url|username) (galat|sahi nahi|kaam nahi)
        (account|profile) private (hai|he)
    """,
    "limit_loose": r"""
        (baad|bad|thodi der) (me|mein|main) .{0,15}(try|koshish|prayas)
    """,
    "breakdown": r"""
        (server|system|internal) (me|mein|main|ka|ki) (error|dikkat|gadbad|problem|samasya|kharabi)
        server (down|band) (hai|ho gaya)
    """,
    "vague": r"""
        (kuch|kuchh) (galat|gadbad|garbar) (ho|hua|hui|hogaya|hai)
        (error|galti|dikkat) (aa|aayi|aaya|ho) (gaya|gayi|gai|hai)
    """,
}
