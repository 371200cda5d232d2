"""Which names of a service mean the same one: a wrong yes sells another service, a wrong no asks a person."""

from __future__ import annotations

import pytest

from panelwright.core import limits
from panelwright.providers.sync import naming

ANOTHER = [
    ("인스타그램 팔로워", "인스타그램 좋아요"),
    ("인스타그램팔로워", "인스타그램좋아요"),
    ("유튜브 조회수", "틱톡 조회수"),
    ("インスタグラム フォロワー", "インスタグラム いいね"),
    ("インスタのフォロワー増加", "インスタのいいね増加"),
    ("Instagram 粉絲", "Instagram 點讚"),
    ("เทเลแกรม ผู้ติดตาม", "เทเลแกรม ยอดวิว"),
    ("فالوور اینستاگرام", "لایک اینستاگرام"),
    ("Instagram Followers", "Instagram Following"),
    ("Instagram Followers", "Instagram Unfollow"),
    ("Instagram Подписчики", "Instagram Отписки"),
    ("YouTube Subscribers", "YouTube Subscribers Removal"),
    ("Facebook Page Followers", "Facebook Group Members"),
    ("Facebook Page Followers", "Facebook Profile Followers"),
    ("Telegram Post Views", "Telegram Story Views"),
    ("Spotify Playlist Followers", "Spotify Artist Followers"),
    ("Website Traffic from Google", "Website Traffic from Facebook"),
    ("YouTube Likes", "YouTube Comment Likes"),
    ("Instagram Post Likes", "Instagram Comment Likes"),
    ("ВК Лайки на пост", "ВК Лайки на комментарий"),
    ("TikTok Views", "TikTok Live Views"),
    ("VK Друзья", "VK Подписчики"),
    ("InstagramFollowers", "InstagramLikes"),
]
SAME = [
    ("Instagram Followers", "인스타그램 팔로워"),
    ("Instagram Followers", "인스타그램팔로워 [고품질]"),
    ("Instagram Followers", "インスタ フォロワー"),
    ("Instagram Followers [Max 10K]", "\U0001f525 IG Followers | Max: 50K | 30 days"),
    ("Instagram Followers", "InstagramFollowers"),
    ("Instagram Followers", "ɪɴꜱᴛᴀɢʀᴀᴍ ꜰᴏʟʟᴏᴡᴇʀꜱ"),
    ("Instagram Followers", "ɪɴsᴛᴀɢʀᴀᴍ ꜰᴏʟʟᴏᴡᴇʀs"),
    ("Instagram Views", "Vues Instagram"),
    ("Telegram Members", "Telegram Channel Members"),
    ("Telegram Members HQ", "TG Subscribers HQ"),
    ("Instagram Likes", "Instagram Likes [Post/Reels]"),
    ("Instagram Likes [Post]", "Instagram Likes [Post/Reels]"),
    ("Twitter Followers", "X (Twitter) Followers"),
    ("Website Traffic", "Website Traffic from Google"),
    ("Instagram Followers Old Accounts", "Instagram Followers Real Accounts"),
    ("Facebook Page Likes + Followers", "FB Page Followers & Likes"),
    ("Instagram Custom Comments", "Instagram Comments | Custom"),
    ("Gift card", "Gift card"),
]


@pytest.mark.parametrize(("old", "new"), ANOTHER)
def test_another_service_is_another_whichever_comes_first(old: str, new: str) -> None:
    assert not naming.same_service(old, new)
    assert not naming.same_service(new, old)
    assert naming.same_service(old, old)


@pytest.mark.parametrize(("old", "new"), SAME)
def test_the_same_one_in_another_dress(old: str, new: str) -> None:
    assert naming.same_service(old, new)
    assert naming.same_service(new, old)


@pytest.mark.parametrize("sign", ["\ufdfa", "関 ", "관 ", "\U0001f1f7\U0001f1fa", "ab cd "])
def test_of_a_name_so_much_is_compared_and_no_more(sign: str) -> None:
    """U+FDFA becomes eighteen letters: names of it were compared as texts of nine thousand."""
    words = naming._words(sign * limits.FOLDED_CHARS_MAX)
    assert sum(map(len, words)) <= limits.FOLDED_CHARS_MAX
