"""Japanese, without spaces. Folding drops the marks of voiced syllables: lines are folded when they are read."""

from panelwright.providers.wire.panel_v2.refusal_words.folded import folded

LINES = folded(
    {
        "funds": r"""
            残高(が|か)?(不足|足りません)
            残高不足
            資金(が|か)?不足
        """,
        "key": r"""
            (無効な|不正な|間違った) ?api
            apiキー(が|は)?(無効|不正|正しくありません)
        """,
        "disabled": r"""
            (リフィル|補充|キャンセル)(は|が)?(できません|無効|対応していません)
        """,
        "duplicate": r"""
            (進行中|処理中|有効)の注文
            (すでに|既に)(注文|処理|存在)
        """,
        "not_found": r"""
            注文(が|は)?(見つかりません|存在しません)
            (無効な|不正な)注文
        """,
        "limit": r"""
            リクエスト(が|は)?多すぎ
        """,
        "quantity": r"""
            (最小|最大|最低)(注文)?(数量|数)
            (無効な|不正な)数量
            数量(が|は)?(無効|不正|少なすぎ|多すぎ)
        """,
        "service": r"""
            (無効な|不正な)サービス
            サービス(が|は)?(見つかりません|存在しません)
        """,
        "service_loose": r"""
            サービス(が|は)?.{0,6}(停止|無効|利用できません)
        """,
        "link": r"""
            (無効な|不正な|間違った)(リンク|url)
            (リンク|url)(が|は)?(無効|不正|正しくありません)
            (アカウント|プロフィール)(が|は)?非公開
            非公開(アカウント|プロフィール)
        """,
        "limit_loose": r"""
            (後で|しばらくして|後ほど).{0,10}(再度|もう一度|お試し)
            メンテナンス
        """,
    }
)
