"""What links lead to: real-looking links of every site of the table, and the language of patterns."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.catalog import link_kinds
from panelwright.catalog.link_kinds import ANY, KINDS, NAMED, OTHER, LinkRule, OwnRow, parse_pattern, shipped
from panelwright.core import limits

# Link, site, and the kinds that it may be: "any" where nothing is said.
LINKS = """
https://www.instagram.com/p/C1a2B3c4D5e/                              instagram post,photo,video,short
https://www.instagram.com/p/C1a2B3c4D5e/?img_index=2&igsh=MzRlODBiNWFlZA==  instagram post,photo,video,short
https://instagram.com/reel/C1a2B3c4D5e                                instagram post,video,short
https://www.instagram.com/reels/C1a2B3c4D5e/                          instagram post,video,short
https://www.instagram.com/anna/reel/C1a2B3c4D5e/                      instagram post,video,short
https://www.instagram.com/tv/C1a2B3c4D5e/                             instagram post,video
instagram.com/anna_b.c                                                instagram profile
https://www.instagram.com/anna?igsh=MXh5eg%3D%3D&utm_source=qr        instagram profile
https://instagram.com/anna/                                           instagram profile
https://instagram.com/anna/tagged/                                    instagram profile
https://www.instagram.com/stories/anna/3141592653589793238/           instagram story
https://www.instagram.com/stories/highlights/17912345678901234/       instagram story
https://www.instagram.com/share/BA1b2C3d4                             instagram any
https://www.instagram.com/share/reel/BA1b2C3d4                        instagram post,video,short
https://www.instagram.com/channel/AbC123/                             instagram channel,invite
https://www.instagram.com/explore/tags/cats/                          instagram other
https://www.instagram.com/                                            instagram other
HTTPS://WWW.INSTAGRAM.COM/P/C1a2B3c4D5e/                              instagram post,photo,video,short
http://instagram.com:443/p/C1a2B3c4D5e                                instagram post,photo,video,short
https://anna@instagram.com/p/C1a2B3c4D5e                              instagram post,photo,video,short
https://instagram.com./p/C1a2B3c4D5e                                  instagram post,photo,video,short
https://www.instagram.com//p//C1a2B3c4D5e///                          instagram post,photo,video,short
https://www.instagram.com/%70/C1a2B3c4D5e                             instagram post,photo,video,short
https://help.instagram.com/1234567890                                 instagram any
https://l.instagram.com/?u=https%3A%2F%2Fexample.com                  instagram any
https://instagr.am/p/C1a2B3c4D5e                                      instagram post,photo,video,short
https://www.threads.net/@anna/post/C1a2B3c4D5e                        threads   post,photo,video
https://www.threads.com/t/C1a2B3c4D5e                                 threads   post,photo,video
https://www.threads.net/@anna                                         threads   profile
https://www.tiktok.com/@anna.b/video/7123456789012345678?is_from_webapp=1 tiktok post,video,short
https://m.tiktok.com/v/7123456789012345678.html                       tiktok    post,video,short
https://www.tiktok.com/%40anna/video/7123456789012345678              tiktok    post,video,short
https://www.tiktok.com/@anna/photo/7123456789012345678                tiktok    post,photo
https://www.tiktok.com/@anna/live                                     tiktok    live,profile
https://www.tiktok.com/@anna?lang=en                                  tiktok    profile
https://vm.tiktok.com/ZMabcdefg/                                      tiktok    any
https://vt.tiktok.com/ZSabcdefg                                       tiktok    any
https://www.tiktok.com/t/ZTabcdefg/                                   tiktok    any
https://www.tiktok.com/music/original-sound-7123456789012345678       tiktok    track
https://www.tiktok.com/tag/cats                                       tiktok    other
https://www.youtube.com/watch?v=a1B2c3D4e5F                           youtube   video,short,live
https://m.youtube.com/watch?app=desktop&v=a1B2c3D4e5F&feature=youtu.be youtube  video,short,live
https://www.youtube.com/watch?feature=share&amp;v=a1B2c3D4e5F         youtube   video,short,live
https://www.youtube.com/watch?v=a1B2c3D4e5F&lc=UgxA1b2                youtube   video,short,comment
https://www.youtube.com/watch?v=a1B2c3D4e5F&list=PLa1B2c3D4e5F6g7H8&index=2 youtube video,short,live,playlist
https://www.youtube.com/watch?list=PLa1B2c3D4e5F6g7H8                 youtube   playlist
https://www.youtube.com/watch?v=a1B2c3D4e5F&list=RDa1B2c3D4e5F        youtube   video,short,live
https://www.youtube.com/watch?v=a1B2c3D4e5F&list=OLAK5uy_a1B2c3D4e5F  youtube   video,short,live,album,playlist
https://www.youtube.com/watch?v=a1B2c3D4e5F&list=UUa1B2c3D4e5F        youtube   video,short,live,playlist
https://www.youtube.com/embed/a1B2c3D4e5F?list=PLa1B2c3D4e5F6g7H8     youtube   video,short,live,playlist
https://www.youtube.com/watch?v                                       youtube   other
https://youtu.be/a1B2c3D4e5F?list=PLa1B2c3D4e5F6g7H8                  youtube   video,short,live,playlist
https://music.youtube.com/watch?v=a1B2c3D4e5F&list=PLa1B2c3D4e5F      youtube   video,short,track,playlist
https://youtu.be/a1B2c3D4e5F?si=AbCdEf                                youtube   video,short,live
https://www.youtube.com/shorts/a1B2c3D4e5F?feature=share              youtube   video,short
https://www.youtube.com/live/a1B2c3D4e5F?si=x                         youtube   video,live
https://www.youtube.com/@anna                                         youtube   profile,channel
https://www.youtube.com/@anna/videos                                  youtube   profile,channel
https://www.youtube.com/channel/UCa1B2c3D4e5F6g7H8i9J0kL              youtube   profile,channel
https://www.youtube.com/c/AnnaChannel/featured                        youtube   profile,channel
https://www.youtube.com/user/anna                                     youtube   profile,channel
https://www.youtube.com/anna                                          youtube   profile,channel
https://www.youtube.com/playlist?list=PLa1B2c3D4e5F6g7H8              youtube   playlist
https://www.youtube.com/post/UgkxA1b2C3d4E5f6G7h8                     youtube   post
https://www.youtube.com/watch                                         youtube   other
https://www.youtube.com/feed/subscriptions                            youtube   other
https://music.youtube.com/watch?v=a1B2c3D4e5F&list=RDAMVM             youtube   video,short,track
https://www.youtube-nocookie.com/embed/a1B2c3D4e5F                    youtube   video,short,live
https://t.me/durov                                                    telegram  profile,channel,group,bot
t.me/durov/                                                           telegram  profile,channel,group,bot
T.ME/Durov                                                            telegram  profile,channel,group,bot
https://telegram.me/durov                                             telegram  profile,channel,group,bot
https://durov.t.me                                                    telegram  profile,channel,group,bot
https://durov.t.me/12                                                 telegram  post
https://t.me/durov/12                                                 telegram  post
https://t.me/durov/12?single                                          telegram  post
https://t.me/durov/12?comment=345                                     telegram  post,comment
https://t.me/s/durov/12                                               telegram  post
https://t.me/s/durov                                                  telegram  channel,group
https://t.me/s/durov?before=1000                                      telegram  channel,group
https://t.me/c/1234567890/45                                          telegram  post
https://t.me/c/1234567890/3/45                                        telegram  post,comment
https://t.me/group/3/45                                               telegram  post,comment
https://t.me/+AbCdEfGhIjK1MjNk                                        telegram  channel,group,invite
https://t.me/%2BAbCdEfGhIjK1MjNk                                      telegram  channel,group,invite
https://t.me/joinchat/AAAAAEabcdef                                    telegram  channel,group,invite
https://t.me/+491701234567                                            telegram  profile
https://t.me/addlist/AbCdEf                                           telegram  invite
https://t.me/annas_bot?start=abc                                      telegram  bot
https://t.me/annas_bot?start                                          telegram  bot
https://t.me/annas_bot?startgroup                                     telegram  bot
https://t.me/annas_bot?startchannel&admin=post_messages               telegram  bot
https://t.me/annas_bot?startapp                                       telegram  bot
https://t.me/anna?livestream                                          telegram  live,channel,group
https://t.me/anna?livestream=abc                                      telegram  live,channel,group
https://t.me/anna?videochat                                           telegram  live,channel,group
https://t.me/anna?voicechat=                                          telegram  live,channel,group
https://anna.t.me?videochat                                           telegram  live,channel,group
https://t.me/durov/s/3                                                telegram  story
https://t.me/boost/durov                                              telegram  channel,group
https://t.me/durov?boost                                              telegram  profile,channel,group,bot
https://t.me/addstickers/Cats                                         telegram  other
https://t.me/share/url?url=https://example.com                        telegram  other
https://t.me/                                                         telegram  other
https://x.com/anna/status/1712345678901234567?s=20&t=abc              x         post,photo,video
https://twitter.com/anna/status/1712345678901234567/photo/1           x         post,photo,video
https://mobile.twitter.com/anna/status/1712345678901234567            x         post,photo,video
https://x.com/i/web/status/1712345678901234567                        x         post,photo,video
https://x.com/i/spaces/1a2B3c4D5e6F7                                  x         live
https://x.com/anna                                                    x         profile
https://x.com/anna/with_replies                                       x         profile
https://x.com/home                                                    x         other
https://x.com/search?q=cats                                           x         other
https://www.facebook.com/anna/posts/1234567890123456                  facebook  post,photo,video
https://m.facebook.com/story.php?story_fbid=123&id=456                facebook  post,photo,video
https://www.facebook.com/permalink.php?story_fbid=pfbid0abc&id=1000   facebook  post,photo,video
https://www.facebook.com/watch/?v=1234567890123456                    facebook  post,video,live
https://www.facebook.com/anna/videos/1234567890123456/                facebook  post,video,live
https://www.facebook.com/reel/1234567890123456                        facebook  post,video,short
https://fb.watch/a1B2c3D4e5/                                          facebook  post,video,short,live
https://www.facebook.com/photo/?fbid=123&set=a.456                    facebook  post,photo
https://www.facebook.com/photo.php?fbid=123                           facebook  post,photo
https://www.facebook.com/groups/cats/posts/1234567890123456/          facebook  post,photo,video
https://www.facebook.com/groups/1234567890/                           facebook  group
https://pt-br.facebook.com/anna                                       facebook  profile,page
https://web.facebook.com/profile.php?id=100012345678901               facebook  profile,page
https://www.facebook.com/p/Annas-Bakery-100012345678901/              facebook  profile,page
https://www.facebook.com/pages/Annas-Bakery/123456789                 facebook  profile,page
https://www.facebook.com/share/p/1A2b3C4d5E/                          facebook  post,photo,video
https://www.facebook.com/share/1A2b3C4d5E/                            facebook  any
https://www.facebook.com/events/1234567890123456/                     facebook  event
https://m.facebook.com/groups/1234567890?view=permalink&id=987        facebook  post,photo,video
https://www.facebook.com/groups/1234567890/?multi_permalinks=987      facebook  post,photo,video
https://www.facebook.com/pg/anna/posts/                               facebook  profile,page
https://www.linkedin.com/mwlite/in/anna                               linkedin  profile
https://www.tiktok.com/foryou?item_id=7123456789012345678             tiktok    post,video,short
https://www.youtube.com/?v=a1B2c3D4e5F                                youtube   video,short,live
https://t.me/@durov                                                   telegram  profile,channel,group,bot
https://user:secret@instagram.com:443/p/C1a2B3c4D5e                   instagram post,photo,video,short
instagram.com:443/p/C1a2B3c4D5e#comments                              instagram post,photo,video,short
https://instagram.com?igsh=abc                                        instagram other
https://www.linkedin.com/feed/update/urn%3Ali%3Aactivity%3A712/       linkedin  post,photo,video
https://www.reddit.com/user/anna/comments/                            reddit    profile
https://www.facebook.com/marketplace/item/123                         facebook  other
https://fb.me/a1b2c3                                                  facebook  any
https://www.twitch.tv/anna                                            twitch    live,profile,channel
https://m.twitch.tv/anna/videos                                       twitch    profile,channel
https://www.twitch.tv/videos/1234567890                               twitch    video
https://clips.twitch.tv/AbCdEfGhIjKl                                  twitch    video,clip
https://www.twitch.tv/anna/clip/AbCdEfGhIjKl?filter=clips             twitch    video,clip
https://www.twitch.tv/directory/category/chess                        twitch    other
https://kick.com/anna                                                 kick      live,profile,channel
https://kick.com/anna/videos/a1b2c3d4-e5f6-7890                       kick      video
https://kick.com/anna?clip=clip_01A2B3                                kick      video,clip
https://open.spotify.com/track/4a1B2c3D4e5F6g7H8i9J0k?si=abc          spotify   track
https://open.spotify.com/intl-de/track/4a1B2c3D4e5F6g7H8i9J0k         spotify   track
https://open.spotify.com/intl-pt/artist/4a1B2c3D4e5F6g7H8i9J0k        spotify   profile,artist
https://open.spotify.com/embed/playlist/4a1B2c3D4e5F6g7H8i9J0k        spotify   playlist
https://open.spotify.com/user/anna/playlist/4a1B2c3D4e5F6g7H8i9J0k    spotify   playlist
https://open.spotify.com/user/anna                                    spotify   profile
https://open.spotify.com/show/4a1B2c3D4e5F6g7H8i9J0k                  spotify   podcast
https://open.spotify.com/episode/4a1B2c3D4e5F6g7H8i9J0k               spotify   episode
https://spotify.link/AbCdEf                                           spotify   any
https://soundcloud.com/anna/first-song                                soundcloud track
https://soundcloud.com/anna/first-song/s-AbCdEf                       soundcloud track
https://soundcloud.com/anna/sets/first-songs                          soundcloud album,playlist
https://m.soundcloud.com/anna                                         soundcloud profile,artist
https://soundcloud.com/anna/tracks                                    soundcloud profile,artist
https://on.soundcloud.com/AbCdEf                                      soundcloud any
https://vk.com/wall-12345_678                                         vk        post
https://vk.com/wall12345_678?reply=9                                  vk        post,comment
https://vk.com/annas_group?w=wall-12345_678                           vk        post
https://vk.com/feed?w=wall12345_678%2Fall                             vk        post
https://m.vk.com/wall-12345_678                                       vk        post
https://vk.ru/id12345                                                 vk        profile
https://vk.com/club12345                                              vk        group,page
https://vk.com/public12345                                            vk        group,page
https://vk.com/anna                                                   vk        profile,group,page
https://vk.com/video-12345_678                                        vk        post,video,live
https://vk.com/clip-12345_678                                         vk        post,video,short
https://vk.com/photo12345_678                                         vk        post,photo
https://vk.com/album-12345_0?z=photo-12345_678%2Falbum-12345_0        vk        post,photo
https://vk.com/poll-12345_678                                         vk        post,poll
https://vk.com/topic-12345_678                                        vk        post,comment
https://vk.com/wallpapers                                             vk        profile,group,page
https://vkvideo.ru/video-12345_678                                    vk        post,video,live
https://ok.ru/group/12345678901234/topic/123456789012345              ok        post
https://ok.ru/profile/123456789012                                    ok        profile
https://discord.gg/a1B2c3D4                                           discord   server,invite
https://discord.com/invite/a1B2c3D4                                   discord   server,invite
https://discord.com/channels/123456789012345678/123456789012345679/123456789012345680 discord post
https://discord.com/channels/@me/1                                    discord   other
https://www.linkedin.com/in/anna-b-1a2b3c/                            linkedin  profile
https://de.linkedin.com/in/anna                                       linkedin  profile
https://www.linkedin.com/company/acme/posts/                          linkedin  profile,page
https://www.linkedin.com/posts/anna_news-activity-7123456789012345678-AbCd linkedin post,photo,video
https://www.linkedin.com/feed/update/urn:li:activity:7123456789012345678/ linkedin post,photo,video
https://www.linkedin.com/feed/                                        linkedin  other
https://lnkd.in/AbCdEf                                                linkedin  any
https://www.pinterest.com/pin/123456789012345678/                     pinterest post,photo,video
https://www.pinterest.co.uk/pin/123456789012345678/                   pinterest post,photo,video
https://de.pinterest.com/anna/kitchens/                               pinterest board
https://www.pinterest.com/anna/                                       pinterest profile
https://pin.it/AbCdEf                                                 pinterest any
https://www.reddit.com/r/pics/comments/1a2b3c4/first_picture/         reddit    post,photo,video
https://old.reddit.com/r/pics/comments/1a2b3c4/                       reddit    post,photo,video
https://www.reddit.com/r/pics/comments/1a2b3c4/first_picture/k1l2m3n/ reddit    post,comment
https://www.reddit.com/r/pics/comments/1a2b3c4/comment/k1l2m3n/       reddit    post,comment
https://www.reddit.com/r/pics/s/AbCdEf                                reddit    any
https://redd.it/1a2b3c4                                               reddit    post,photo,video
https://www.reddit.com/r/pics/                                        reddit    group
https://www.reddit.com/user/anna/                                     reddit    profile
https://www.snapchat.com/add/anna                                     snapchat  profile
https://bsky.app/profile/anna.example/post/3ka1b2c3d4e5f              bluesky   post,photo,video
https://chat.whatsapp.com/A1b2C3d4E5f6G7h8I9j0K1                      whatsapp  group,invite
https://whatsapp.com/channel/0029VaA1b2C3d4E5f6G7h8/123               whatsapp  post,channel
https://vimeo.com/123456789                                           vimeo     post,video
https://rumble.com/v4a1b2c-first-video.html                           rumble    video,short,live
"""
CASES = [tuple(line.split()) for line in LINKS.strip().splitlines()]


@pytest.mark.parametrize(("link", "site", "kinds"), CASES, ids=[case[0] for case in CASES])
def test_a_link_is_known_for_what_it_is(link: str, site: str, kinds: str) -> None:
    leads = shipped().leads(link)
    assert leads is not None
    assert leads.site == site
    assert (ANY if leads.kinds is None else link_kinds.listed(leads.kinds)) == kinds


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/page",
        "https://shop.example/",
        "anna.example",
        "https://bit.ly/3AbCdEf",
        "https://t.co/AbCdEf",
        "https://youtu.be.example/watch?v=1",
        "https://notinstagram.com/p/1",
        "https://instagram.com.example/p/1",
        "https://t.me.example/durov/12",
        "https://example.com/https://t.me/durov",
        "https://t.me\\@example.com/12",
        "https://twitter.com/#!/anna/status/12",
        "https://example.com\\t.me/12",
        "https://t.me@example.com/durov",
        "https:///p/1",
        "anna",
        "C1a2B3c4D5e",
        "12345",
        "",
        ".",
        "@",
        "@@",
        "?",
        "http://",
        "http://127.0.0.1/p/1",
        "x" * 2000,
        "https://" + "t.me." * 380,
    ],
)
def test_what_no_row_knows_is_known_to_nobody(link: str) -> None:
    assert shipped().leads(link) is None


def test_a_host_in_other_letters_is_the_same_host() -> None:
    fullwidth = "https://\uff54.\uff4d\uff45/durov/12"
    assert shipped().leads(fullwidth) == shipped().leads("https://t.me/durov/12")


@pytest.mark.parametrize("name", ["@anna", "@anna.b_c", "@анна", "@anna/"])
def test_a_name_stands_for_what_a_name_can_be(name: str) -> None:
    leads = shipped().leads(name)
    assert leads is not None and leads.kinds == NAMED and leads.site == ""


def test_the_examples_are_what_they_are_examples_of() -> None:
    table = shipped()
    for (site, kind), link in table.examples.items():
        leads = table.leads(link)
        assert kind in KINDS
        assert leads is not None and leads.site == site and kind in (leads.kinds or ()), (site, kind, link)
    assert {site for site, _ in table.examples} == table.sites()


def test_every_pattern_can_be_reached() -> None:
    """No row stands behind one that takes all of its links away. What a pattern means, its own example shows."""
    for host, place in shipped().places.items():
        for number, row in enumerate(place.rows):
            segments = tuple(example_of(tokens) for tokens in row.pattern.segments)
            query = {name: example_of(tokens) for name, tokens in row.pattern.query}
            assert row.pattern.fits(segments, query)
            first = next(n for n, other in enumerate(place.rows) if other.pattern.fits(segments, query))
            assert first == number, f"{host}: {row.pattern} stands behind {place.rows[first].pattern}"


def example_of(tokens: tuple[str, ...]) -> str:
    return "".join({"#": "12", "*": "xy", "**": ""}.get(token, token) for token in tokens)


# ---- rules -------------------------------------------------------------------------------------------


def rule(hosts: str = "", kinds: str = "") -> LinkRule:
    found = link_kinds.rule_of(hosts, kinds)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("hosts", "kinds", "link", "why"),
    [
        ("telegram", "post", "https://t.me/durov", "link_kind"),
        ("telegram", "post", "https://t.me/+AbCd", "link_kind"),
        ("telegram", "post", "https://t.me/", "link_kind"),
        ("telegram", "post", "@durov", "link_kind"),
        ("telegram", "post", "https://t.me/durov/12", ""),
        ("telegram", "post", "https://t.me/c/123/45", ""),
        ("telegram", "post", "durov", ""),
        ("telegram", "post", "https://example.com/", ""),
        ("telegram", "channel", "@durov", ""),
        ("telegram", "channel", "https://t.me/durov/12", "link_kind"),
        ("telegram", "invite", "https://t.me/durov", "link_kind"),
        ("t.me", "post", "https://telegram.me/durov/12", ""),
        ("t.me", "", "https://x.com/anna", "link_host"),
        ("instagram", "post", "https://www.tiktok.com/@anna/video/71", "link_host"),
        ("instagram,tiktok", "post", "https://www.tiktok.com/@anna/video/71", ""),
        ("instagram", "post", "https://vm.tiktok.com/ZMabc", "link_host"),
        ("instagram", "post", "https://www.instagram.com/share/BA1b2", ""),
        ("instagram", "post", "https://www.instagram.com/something/quite/new", ""),
        ("instagram", "profile", "https://www.instagram.com/p/1", "link_kind"),
        ("", "video", "https://www.youtube.com/@anna", "link_kind"),
        ("", "video", "https://youtu.be/a1B2", ""),
        ("", "video,channel", "https://www.youtube.com/@anna", ""),
        ("gallery.example", "post", "https://gallery.example/art/1", ""),
        ("gallery.example", "post", "https://www.facebook.com/anna", "link_host"),
        ("music.youtube.com", "", "https://www.youtube.com/watch?v=1", ""),
    ],
)
def test_a_rule_refuses_what_is_surely_wrong(hosts: str, kinds: str, link: str, why: str) -> None:
    wrong = link_kinds.wrong_link(rule(hosts, kinds), shipped(), link)
    assert (wrong.why if wrong else "") == why


def test_a_refusal_says_what_was_found_and_what_is_needed() -> None:
    wrong = link_kinds.wrong_link(rule("telegram", "post,video"), shipped(), "https://t.me/s/durov")
    assert wrong == ("link_kind", "channel,group", "post,video")
    wrong = link_kinds.wrong_link(rule("telegram,vk.com", "post"), shipped(), "https://www.tiktok.com/@anna")
    assert wrong == ("link_host", "www.tiktok.com", "Telegram, vk.com")
    wrong = link_kinds.wrong_link(rule("telegram", "post"), shipped(), "@durov")
    assert wrong == ("link_kind", "name", "post")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("anna", ""),
        ("@anna", ""),
        ("https://www.instagram.com/anna", ""),
        ("https://www.instagram.com/p/1", "link_kind"),
        ("https://x.com/anna", "link_host"),
        ("https://example.com/anna", ""),
    ],
)
def test_the_name_of_somebody_may_be_a_link_to_her(text: str, why: str) -> None:
    wrong = link_kinds.wrong_name(rule("instagram", "post"), shipped(), text)
    assert (wrong.why if wrong else "") == why


def test_the_table_has_an_example_for_a_rule_that_has_none() -> None:
    assert shipped().example(rule("telegram", "invite")) == "https://t.me/+AbCdEfGhIjK1MjNk"
    assert shipped().example(rule("www.t.me", "post")) == "https://t.me/anna/12"
    assert shipped().example(rule("", "post")) == ""


# ---- a panel's own rows ------------------------------------------------------------------------------


def test_own_rows_stand_before_those_shipped_and_hold_for_the_whole_site() -> None:
    table = shipped().with_rows(
        [
            OwnRow("gallery.example", "/art/*", "post"),
            OwnRow("vk.com", "/durov", "channel"),
            OwnRow("vk.ru", "/news/*", "post"),
            OwnRow("*.shop.example", "/*/#", "event"),
        ]
    )
    for link, site, kinds in [
        ("https://gallery.example/art/1", "gallery.example", "post"),
        ("https://vk.com/durov", "vk", "channel"),
        ("https://m.vk.ru/durov", "vk", "channel"),
        ("https://vk.com/news/1", "vk", "post"),
        ("https://vk.com/club1", "vk", "group,page"),
        ("https://anna.shop.example/1", "*.shop.example", "event"),
    ]:
        leads = table.leads(link)
        assert leads is not None and (leads.site, link_kinds.listed(leads.kinds or set())) == (site, kinds), link
    unknown = table.leads("https://gallery.example/about")
    assert unknown is not None and unknown.kinds is None
    assert shipped().leads("https://gallery.example/art/1") is None
    assert shipped().with_rows([]).places == shipped().places


def test_a_row_of_another_version_is_left_out() -> None:
    rows = [OwnRow("gallery.example", "/(a+)+", "post"), OwnRow("gallery.example", "/art/*", "post")]
    leads = shipped().with_rows(rows).leads("https://gallery.example/art/1")
    assert leads is not None and leads.kinds == frozenset({"post"})


# ---- patterns ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "fits", "not_fits"),
    [
        ("/", [""], ["a"]),
        ("/**", ["", "a", "a/b"], []),
        ("/p/*", ["p/1", "p/абв"], ["p", "p/1/2", "q/1"]),
        ("/p/*/**", ["p/1", "p/1/2/3"], ["p"]),
        ("/*/status/#", ["a/status/1"], ["a/status/1a", "a/status", "status/1", "a/status/١"]),
        ("/@*", ["@a"], ["@", "a"]),
        ("/wall-#_#", ["wall-1_2"], ["wall1_2", "wall-1_", "wall-1_2x", "wall-_2"]),
        ("/v#*", ["v1x", "v12a"], ["v12", "vx"]),
    ],
)
def test_a_pattern_fits(pattern: str, fits: list[str], not_fits: list[str]) -> None:
    made = parse_pattern(pattern)
    for path in fits + not_fits:
        segments = tuple(part for part in path.split("/") if part)
        assert made.fits(segments, {}) is (path in fits), path


def test_a_pattern_asks_for_parameters() -> None:
    made = parse_pattern("/Watch?v&list=PL*")
    assert str(made) == "/watch?list=pl*&v"
    assert made.fits(("watch",), {"v": "1", "list": "plx", "x": ""})
    assert not made.fits(("watch",), {"v": "", "list": "plx"})
    assert not made.fits(("watch",), {"v": "1", "list": "rdx"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "p/*",
        "/p/**/x",
        "/p*x",
        "/**x",
        "/##",
        "/#1",
        "/p|q",
        "/(a+)+",
        "/[a]",
        "/a b",
        "/ä",
        "/a\n",
        "/x?&",
        "/x?=1",
        "/x?a=b**",
        "/x?a&b&c&d",
        "/" + "a" * 200,
        "/a" * 9,
    ],
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_pattern(text)


SEGMENTS = st.lists(st.sampled_from(["p", "*", "#", "@*", "a#", "wall#_#", "x-*"]), max_size=6)


@given(
    SEGMENTS, st.booleans(), st.lists(st.sampled_from(["v", "w=wall#_#", "z=*", "live=**"]), max_size=3, unique=True)
)
def test_a_pattern_is_written_as_it_is_read(segments: list[str], more: bool, query: list[str]) -> None:
    text = "/" + "/".join([*segments, *(["**"] if more else [])]) + ("?" + "&".join(query) if query else "")
    made = parse_pattern(text)
    assert parse_pattern(str(made)) == made
    sample = tuple(example_of(tokens) for tokens in made.segments)
    parameters = {name: example_of(tokens) for name, tokens in made.query}
    assert made.fits(sample, parameters)
    assert made.fits((*sample, "more"), parameters) is more


@given(st.text(max_size=60), st.sampled_from(["", "https://t.me/", "vk.com/wall", "youtube.com/watch?v=", "//x.com/"]))
def test_any_text_at_all_leads_somewhere_or_nowhere(text: str, front: str) -> None:
    leads = shipped().leads(front + text)
    assert leads is None or leads.kinds is None or leads.kinds <= {*KINDS, OTHER}


def test_a_pattern_means_what_an_expression_would() -> None:
    """Against the language that it is a small part of; but digits are taken as far as they go, and never given back."""
    texts = ["", "1", "a", "1a", "a1", "a1_2", "a1_2b", "aa", "11", "_1", "a_", "a11", "a11b"]
    for pattern in ("a", "#", "*", "a#", "a#_#", "a*", "a#*", "#_#"):
        made = parse_pattern("/" + pattern)
        expression = re.compile(pattern.replace("#", "[0-9]++").replace("*", ".+"))
        for text in texts:
            if text:
                assert made.fits((text,), {}) is (expression.fullmatch(text) is not None), (pattern, text)


# ---- bounds ------------------------------------------------------------------------------------------


def test_the_work_for_a_link_is_bounded() -> None:
    """Of a path so many segments are looked at, of a query so many parameters, and a host is short."""
    link = link_kinds.take_apart("https://t.me/" + "1/" * 990)
    assert link is not None and len(link.segments) == 2 * limits.LINK_PATTERN_SEGMENTS_MAX
    assert not link_kinds.is_host("a." * limits.LINK_LABELS_MAX + "example")
    table = shipped()
    padding = "&".join(f"a{n}=1" for n in range(limits.LINK_PARAMETERS_MAX))
    leads = table.leads(f"https://www.youtube.com/watch?{padding}&v=1")
    assert leads is not None and leads.kinds == frozenset({OTHER}), "a parameter behind so many others is not looked at"
    assert table.leads("https://" + "a." * 900 + "t.me/durov") is None


@pytest.mark.parametrize(
    "worst",
    [
        "https://t.me/" + "1" * 1980,
        "vk.com/wall" + "1" * 1980,
        "https://t.me/" + "%31" * 660,
        "@" + "a." * 990,
        "https://www.youtube.com/watch?" + "&" * 1960,
        "https://vk.com/feed?" + "w=wall1_&" * 215,
        "https://" + "a." * 120 + "t.me/x",
        "https://" + "1." * 120 + "example/x",
    ],
)
def test_the_worst_links_take_as_long_as_any_other(worst: str) -> None:
    """Steps of the interpreter, which are the same on every machine."""
    assert steps(worst) < 12 * steps("https://www.facebook.com/anna/posts/1234567890123456")


def steps(link: str) -> int:
    import sys

    count = 0

    def tracer(frame: object, event: str, arg: object) -> object:
        nonlocal count
        count += 1
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)  # type: ignore[arg-type]
    try:
        shipped().leads(link)
    finally:
        sys.settrace(before)
    return count


# ---- what owners write -------------------------------------------------------------------------------


def test_hosts_and_kinds_are_kept_in_one_form() -> None:
    table = shipped()
    assert link_kinds.hosts_text([" Telegram", "https://www.Gallery.example/", "t.me", "telegram"], table) == (
        "telegram,gallery.example,t.me"
    )
    assert link_kinds.kinds_text(["video", " Post "]) == "post,video"
    for wrong in (["nowhere"], ["https://t.me/durov"], ["a b.example"], ["*.t.me"], [""], ["a" * 64 + ".example"]):
        with pytest.raises(ValueError, match="Not a host and not a known site"):
            link_kinds.hosts_text(wrong, table)
    with pytest.raises(ValueError, match="at most 20"):
        link_kinds.hosts_text([f"a{n}.example" for n in range(21)], table)
    for wrong in (["posts"], ["any"], ["other"], [""], []):
        with pytest.raises(ValueError, match="Not a kind of link"):
            link_kinds.kinds_text(wrong)


def test_a_table_with_a_fault_says_where() -> None:
    for text, said in [
        ('[a]\nhosts = ["a.example"]\nlinks = ["picture /p"]', r"\[a\]: Not a kind of link: picture"),
        ('[a]\nhosts = ["a.example"]\nlinks = ["post p"]', r"\[a\]: 'p': a pattern begins"),
        ('[a]\nhosts = ["A"]\nlinks = []', r"\[a\]: host 'A'"),
        ('[a]\nhosts = ["a.example"]\nlinks = []\n[b]\nhosts = ["a.example"]\nlinks = []', r"\[b\]: host 'a.example'"),
        ("[a]\nlinks = []", r"\[a\]: 'hosts'"),
    ]:
        with pytest.raises(ValueError, match=said):
            link_kinds.read_table(text)
