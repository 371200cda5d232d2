"""Whether two names of a provider's service mean one service. Pure.

Names are rewritten all the time: emoji, prices, speeds, maxima, the order of words, the language. What a service
is stands in three kinds of words, where it is delivered, what, and from which country; the tables below know them in
several languages. Names that name different places, things or countries are different services; names of which
neither is known are, when hardly a word is in both.
"""

from __future__ import annotations

import re
from functools import lru_cache

from panelwright.catalog import link_kinds
from panelwright.catalog.countries import COUNTRIES
from panelwright.providers.wire.folding import fold

# Of the words of the shorter name at least this part is in the other, or it is another service.
COMMON_MIN = 0.34

_PLACES = """
    instagram ig insta инстаграм инста инстаграмм انستقرام انستغرام इंस्टाग्राम ins
        인스타그램 인스타 インスタグラム インスタ ไอจี اینستاگرام
    tiktok tikток тикток tt تيكتوك تيك 抖音 douyin 틱톡 ティックトック تیکتاک
    youtube yt ютуб ютьюб يوتيوب यूट्यूब 油管 유튜브 ユーチューブ ยูทูป یوتیوب
    facebook fb фейсбук fanpage فيسبوك फेसबुक 脸书 페이스북 フェイスブック 臉書 เฟสบุ๊ค
    telegram tg телеграм телеграмм تيليجرام تلجرام टेलीग्राम 电报 텔레그램 テレグラム 電報 เทเลแกรม تلگرام
    twitter x твиттер تويتر 推特 트위터 ツイッター
    vk vkontakte вк вконтакте
    ok odnoklassniki одноклассники
    spotify спотифай سبوتيفاي 스포티파이 スポティファイ
    soundcloud
    mixcloud
    shazam шазам
    audiomack
    deezer
    napster
    tidal
    reverbnation
    datpiff
    bandcamp
    itunes
    beatport
    twitch твич تويتش 트위치 ツイッチ
    kick
    trovo
    dlive
    discord дискорд ديسكورد 디스코드 ディスコード
    linkedin линкедин لينكد
    pinterest пинтерест بينتريست
    snapchat سناب سنابشات
    reddit реддит
    threads тредс ثريدز 스레드 スレッズ
    quora
    tumblr
    vimeo
    dailymotion
    rumble
    likee لايكي
    kwai
    clubhouse
    whatsapp вотсап ватсап واتساب
    rutube рутуб
    dzen дзен
    yappy
    bigo
    line
    steam
    medium
    periscope
    bluesky
    mastodon
    trustpilot
    website websites traffic сайт трафик زيارات trafego trafico
    google
"""
# Code of a country, then what its people, its language or it itself is called beside its English name.
_PEOPLE = """
    br brasil brazilian brazilians brasileiro brasileiros brasileira brasileiras brasileno brasilenos бразилия
        бразильские البرازيل 巴西 brezilya bresil 브라질 ブラジル
    tr turkiye turkish turk turkler turkce турция турецкие تركيا 土耳其 turquia turquie
    ru russian russians россия русские российские روسيا 俄罗斯 rusia rusya
    us usa american americans америка сша eua eeuu america amerika 美国 امريكا 미국 アメリカ 米国
    gb uk british britain england english англия великобритания
    in indian indians индия индийские الهند 印度 hindistan 인도 インド
    id indonesian indonesians indo индонезия 印尼
    ir iranian iranians persian иран ايران
    es spanish spain espana espanol espanoles испания 西班牙
    mx mexican mexicans mexicano mexicanos мексика
    ar argentinian argentinians argentino argentinos аргентина
    co colombian colombiano colombianos колумбия
    fr french francais francia франция 法国
    de german germans deutsch deutschland alemania германия 德国
    it italian italians italiano italiani италия
    pt portuguese portugues portugueses португалия
    pl polish poland польша
    ua ukrainian ukrainians украина украинские
    kz kazakh казахстан
    uz uzbek узбекистан
    cn chinese китай 中国 중국
    jp japanese japon япония 日本 일본 日本人
    kr korean koreans korea корея 韩国 한국 韓国
    th thai таиланд
    vn vietnamese vietnam вьетнам
    ph filipino philippine
    pk pakistani пакистан
    bd bangladeshi бангладеш
    ng nigerian nigerians нигерия
    eg egyptian египет مصر
    sa saudi ksa السعوديه
    ae emirati uae الامارات
    iq iraqi العراق
    ma moroccan المغرب
    ca canadian canadians канада
    au australian australians австралия
"""
_THINGS = """
    follower followers fllowers subscriber subscribers subs member members fan fans подписчик подписчики подписчиков
        팔로워 구독자 フォロワー 登録者 粉絲 訂閱 關注 ผู้ติดตาม فالوور دنبالکننده
        подписчика подписка участник участники участников seguidor seguidores inscrito inscritos suscriptor
        suscriptores
        miembro miembros membros takipci abone uye متابع متابعين متابعون مشترك مشتركين अनुयायी फॉलोअर्स फॉलोवर्स
        सब्सक्राइबर
        粉丝 订阅 关注 nguoi theodoi pengikut abonne abonnes
    like likes лайк лайки лайков curtida curtidas megusta begeni begenisi إعجاب اعجاب اعجابات لايك لايكات लाइक लाइक्स
        좋아요 いいね 高評価 點讚 讚 ถูกใจ ไลค์ لایک
        点赞 赞 suka
    view views vue vues просмотр просмотры просмотров visualizacao visualizacoes visualizacion visualizaciones
        조회수 조회 시청 再生 再生回数 視聴 觀看 瀏覽 ยอดวิว بازدید ویو
        visualizaciones vista
        vista vistas izlenme goruntulenme مشاهدة مشاهدات व्यूज व्यू 播放 浏览 观看 luotxem tayangan
    play plays stream streams listen listens listener listeners прослушивание прослушивания прослушиваний reproducao
        reproducoes reproduccion reproducciones dinlenme استماع
    comment comments коммент комментарий комментарии комментариев comentario comentarios yorum yorumlar تعليق تعليقات
        댓글 コメント 評論 คอมเมนต์ کامنت
        टिप्पणी टिप्पणियां कमेंट 评论 binhluan komentar
    share shares репост репосты репостов repost reposts retweet retweets ретвит ретвиты compartilhamento
        공유 리트윗 シェア リツイート リポスト 轉發 แชร์
        compartilhamentos compartido compartidos paylasim مشاركات مشاركة شير 分享 转发
    save saves сохранение сохранения сохранений salvamento salvamentos guardado guardados kaydetme حفظ 收藏 저장 保存
    reaction reactions реакция реакции реакций reacao reacoes reaccion reacciones tepki تفاعل تفاعلات 반응 リアクション
    vote votes poll голос голоса голосов голосование voto votos votacao encuesta oy oylama تصويت 投票 투표
    impression impressions reach охват показы показов impressoes impresiones erisim وصول 노출 도달
        インプレッション リーチ
    visit visits visitor visitors визит визиты посещение посещения посещений visita visitas ziyaret 방문 訪問
    mention mentions упоминание упоминания mencoes menciones bahsetme
    review reviews rating ratings отзыв отзывы отзывов avaliacao avaliacoes resena resenas yorumpuan تقييم 리뷰 レビュー
    download downloads install installs скачивание скачивания установка установки загрузки 다운로드 ダウンロード
    boost boosts буст бусты
    start starts старт запуск bot
    watchtime watch
"""
# What it is put on. Names that name different ones mean two services; a name may also leave it out.
_TARGETS = """
    page pages fanpages страница страницу страницы paginas pagina
    group groups группа группу группы grupo grupos grup 그룹 グループ 群组 群組
    profile profiles профиль perfil perfis 프로필 プロフィール
    channel channels канал каналы канала canal canais canales kanal 채널 チャンネル 频道 頻道
    post posts пост посты поста publicacao publicacion gonderi 게시물 投稿 帖子
    story stories стори сторис история истории historia historias hikaye 스토리 ストーリー ストーリーズ
    reel reels рилс 릴스 リール
    shorts шортс 쇼츠 ショート
    video videos видео 동영상 動画
    playlist playlists плейлист
    artist artists артист
    event events мероприятие evento eventos
"""
# With such a word in one of two names they mean two services: it turns round what is delivered, or it is something
# that goes on just now.
_TURNS = (
    """
    unfollow unfollows unfollowers unfollower unlike unlikes unsubscribe unsubscribes unsubscribers removal remove
        removing remover deletion delete deleting отписка отписки отписок удаление удалить снятие remocao remover
        eliminar eliminacion silme supprimer suppression 삭제 削除 删除 刪除
    """,
    "live lives livestream стрим эфир эфира эфире 라이브 ライブ 直播",
)
# What is one or the other: names with the one and the other mean two services, whatever else they share.
_OPPOSITES = """
    like likes лайк лайки лайков | dislike dislikes дизлайк дизлайки дизлайков deslike deslikes
    upvote upvotes | downvote downvotes
    positive позитивные положительные positivas positivos | negative негативные отрицательные negativas negativos
    random случайные рандомные aleatorios aleatorias | custom свои кастомные personalizados personalizadas
    online онлайн | offline оффлайн офлайн
    page страница страницу страницы pagina | post posts пост посты publicacao publicacion
    male мужские мужчины masculino hombres erkek | female женские женщины feminino mujeres kadin
    public публичный публичныи публичных | private приватный приватных закрытый закрытых
"""
# Words that say how, not what.
_HOW = """
    max min maximum minimum макс мин start starts instant speed fast slow superfast ultra super hour hours day days
    minute minutes per refill refills no non guaranteed guarantee quality hq lq mq real cheap cheapest best new hot
    old update updated drop drops low high and or with the of for in to from by on a an free usd eur rub k m mln auto
    lifetime r30 r60 r90 r365 button cancel enabled working recommended exclusive provider server premium vip power
    мгновенно мгновенный старт скорость быстро быстрые день дня дней час часов в на с и без для от до за гарантия
    гарантией списаний качество дешево новые
    rapido rapidos por com sem de dia dias e para reposicao garantia qualidade con sin y calidad
    hizli gun garantili kaliteli ve
"""
_NOISE = frozenset(_HOW.split())


def _table(kind: str, rows: str) -> dict[str, str]:
    """Folded word -> what it stands for. A row that is set further in goes on the one above."""
    found: dict[str, str] = {}
    concept = ""
    for row in rows.splitlines():
        words = row.split()
        if words and not row.startswith(" " * 8):
            concept = f"{kind}:{words[0]}"
        found |= {fold(word).replace(" ", ""): concept for word in words}
    return found


def _sides() -> list[tuple[frozenset[str], frozenset[str]]]:
    """Of each row of opposites the folded words of both sides."""
    rows = [row.split("|") for row in _OPPOSITES.splitlines() if row.strip()]
    return [(_folded(one), _folded(other)) for one, other in rows]


def _folded(words: str) -> frozenset[str]:
    return frozenset(fold(words).split())


def _countries() -> dict[str, str]:
    """Folded names of countries, of one word, and what their people are called -> the country."""
    found: dict[str, str] = {}
    code = ""
    for row in _PEOPLE.splitlines():
        words = row.split()
        if words and not row.startswith(" " * 8):
            code = words.pop(0).upper()
        found |= {fold(word).replace(" ", ""): f"country:{code}" for word in words}
    for code, names in COUNTRIES.items():
        for name in names:
            word = fold(name)
            if word and " " not in word and len(word) > 3:
                found.setdefault(word, f"country:{code}")
    return found


_LONG_COUNTRIES = tuple(
    (f" {fold(name)} ", f"country:{code}") for code, names in COUNTRIES.items() for name in names if " " in fold(name)
)
# Names of sites that links lead to, of one word: they are places, too.
_SITES = {
    word: f"place:{word}"
    for name in sorted(link_kinds.shipped().sites())
    if " " not in (word := fold(name)) and len(word) > 2
}
_KNOWN = _SITES | _countries() | _table("target", _TARGETS) | _table("place", _PLACES) | _table("thing", _THINGS)
_SIDES = _sides()
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
# Of scripts that part no words, or write what belongs to a word together with it: Thai, Korean (as folding takes it
# apart), Japanese and Chinese. Longer ones first.
_RUN_TOGETHER = re.compile(r"[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u9fff]+")
_JOINED = re.compile("|".join(sorted(filter(_RUN_TOGETHER.fullmatch, _KNOWN), key=lambda word: -len(word))))
_TURNED = tuple(frozenset(word for row in rows.split() for word in _folded(row)) for rows in _TURNS)
# "InstagramFollowers".
_GLUED_MAX = 40
_FIGURE = re.compile(r"\d[\d.]*[a-zа-я]{0,3}|[a-zа-я]\d+")


@lru_cache(maxsize=1_024)
def _words(name: str) -> frozenset[str]:
    """What is compared of a name: known words as what they stand for, the others that are no noise and no figures."""
    found = {f"country:{''.join(chr(ord(c) - 0x1F1E6 + 65) for c in flag)}" for flag in _FLAG.findall(name)}
    folded = f" {fold(name)} "
    for country, concept in _LONG_COUNTRIES:
        if country in folded:
            found.add(concept)
            folded = folded.replace(country, " ")
    for word in folded.split():
        if word in _KNOWN:
            found.add(_KNOWN[word])
        elif inside := _inside(word):
            found |= inside
        elif word not in _NOISE and not _FIGURE.fullmatch(word):
            found.add(word)
    return frozenset(found)


def _inside(word: str) -> set[str]:
    """What known words stand for that are written together in one."""
    if word.isascii():
        for at in range(2, min(len(word), _GLUED_MAX) - 2):
            place, rest = _KNOWN.get(word[:at], ""), _KNOWN.get(word[at:], "")
            if place.startswith("place:") and rest.startswith("thing:"):
                return {place, rest}
        return set()
    return {_KNOWN[part] for part in _JOINED.findall(word)}


def same_words(old: str, new: str) -> bool:
    """Whether only dress has changed: case, order, signs, figures, language of the words that are known."""
    return _words(old) == _words(new)


def same_service(old: str, new: str) -> bool:
    """Whether a service that was called `old` and is called `new` now is likely the same one."""
    if fold(old) == fold(new) and _FLAG.findall(old) == _FLAG.findall(new):
        return True
    was, is_ = (frozenset(fold(name).split()) for name in (old, new))
    if _opposite(was, is_) or any(was.isdisjoint(turned) != is_.isdisjoint(turned) for turned in _TURNED):
        return False
    before, after = _words(old), _words(new)
    if any(_other(_of(kind, before), _of(kind, after)) for kind in ("place:", "thing:", "country:", "target:")):
        return False
    if _of("thing:", before) and _of("thing:", after) and (_COMMENT in before) != (_COMMENT in after):
        # What is said of comments: likes of one are no likes of a post.
        return False
    if not before or not after:
        return before == after and fold(old) == fold(new)
    common = len(before & after) / min(len(before), len(after))
    return common >= COMMON_MIN and _apart(before, after)


_COMMENT = "thing:comment"


def _of(kind: str, words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if word.startswith(kind))


def _other(before: frozenset[str], after: frozenset[str]) -> bool:
    """Whether both name something, and each what the other does not: visits of Google and visits of Facebook."""
    return bool(before - after and after - before)


def _opposite(before: frozenset[str], after: frozenset[str]) -> bool:
    """Whether the one name says this and the other that. Of a name that says both, or neither, nothing is known."""
    for one, other in _SIDES:
        was, is_ = ((bool(words & one), bool(words & other)) for words in (before, after))
        if was[0] != was[1] and is_ == (was[1], was[0]):
            return True
    return False


def _apart(before: frozenset[str], after: frozenset[str]) -> bool:
    """Whether more is in common than what is delivered, or where: "Kwaiz Followers" and "Muzmo Followers" are two
    services, and so are what is called otherwise of one site."""
    kinds = {kind if colon else word for word in before & after for kind, colon, _ in (word.partition(":"),)}
    if kinds - {"thing"} and kinds - {"place", "country", "target"}:
        return True
    return not (before - after and after - before)
