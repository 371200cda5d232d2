"""Feeds in the forms that widespread programs give them, one post each; links and texts are made up."""

from __future__ import annotations

YOUTUBE = """\
<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns="http://www.w3.org/2005/Atom">
<link rel="self" href="http://www.youtube.com/feeds/videos.xml?channel_id=U"/>
<id>yt:channel:U</id>
<yt:channelId>U</yt:channelId>
<title>T</title>
<link rel="alternate" href="https://www.youtube.com/channel/U"/>
<author>
<name>N</name>
<uri>https://www.youtube.com/channel/U</uri>
</author>
<published>2015-01-01T00:00:00+00:00</published>
<entry>
<id>yt:video:abc</id>
<yt:videoId>abc</yt:videoId>
<title>x</title>
<link rel="alternate" href="https://www.youtube.com/watch?v=abc"/>
<author>
<name>N</name>
<uri>u</uri>
</author>
<published>2026-05-04T13:00:00+00:00</published>
<updated>2026-05-05T13:00:00+00:00</updated>
<media:group>
<media:title>t</media:title>
<media:content url="https://x" type="a" width="1"/>
<media:community>
<media:starRating count="1"/>
</media:community>
</media:group>
</entry>
</feed>
"""

WORDPRESS = """\
<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
 xmlns:slash="http://purl.org/rss/1.0/modules/slash/">
<channel>
<title>B</title>
<atom:link href="https://b.example/feed/" rel="self" type="application/rss+xml" />
<link>https://b.example</link>
<image>
<url>u</url>
<title>t</title>
<link>https://b.example</link>
</image>
<item>
<title>Hello &#8211; world</title>
<link>https://b.example/2026/hello/</link>
<comments>https://b.example/2026/hello/#respond</comments>
<dc:creator>
<![CDATA[admin]]>
</dc:creator>
<pubDate>Mon, 04 May 2026 13:00:00 +0000</pubDate>
<category>
<![CDATA[C]]>
</category>
<guid isPermaLink="false">https://b.example/?p=1</guid>
<description>
<![CDATA[<p>x</p>]]>
</description>
<content:encoded>
<![CDATA[<p>a</item>
</p>]]>
</content:encoded>
<wfw:commentRss>https://b.example/2026/hello/feed/</wfw:commentRss>
<slash:comments>0</slash:comments>
</item>
</channel>
</rss>
"""

BLOGGER = """\
<?xml version='1.0' encoding='UTF-8'?>
<?xml-stylesheet href="http://www.blogger.com/styles/atom.css" type="text/css"?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005'
 xmlns:thr='http://purl.org/syndication/thread/1.0'>
<id>tag:blogger.com,1999:blog-1</id>
<updated>2026-05-04T13:00:00.000-07:00</updated>
<entry>
<id>tag:blogger.com,1999:blog-1.post-2</id>
<published>2026-05-04T06:00:00.000-07:00</published>
<updated>2026-05-04T13:00:00.001-07:00</updated>
<title type='text'>x</title>
<content type='html'>&lt;p&gt;</content>
<link rel='replies' type='application/atom+xml' href='https://a/feeds/2/comments/default' title='C'/>
<link rel='edit' type='application/atom+xml' href='https://www.blogger.com/feeds/1/posts/default/2'/>
<link rel='self' type='application/atom+xml' href='https://www.blogger.com/feeds/1/posts/default/2'/>
<link rel='alternate' type='text/html' href='https://a/2026/05/x.html' title='x'/>
<thr:total>0</thr:total>
</entry>
</feed>
"""

DOTNET = """\
<rss xmlns:a10="http://www.w3.org/2005/Atom" version="2.0">
<channel>
<title>x</title>
<item>
<guid isPermaLink="false">1</guid>
<link>https://n/1</link>
<title>t</title>
<a10:updated>2026-05-04T13:00:00Z</a10:updated>
</item>
</channel>
</rss>
"""

RSS_1_0 = """\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://r">
<link>https://r</link>
<items>
<rdf:Seq>
<rdf:li resource="https://r/1"/>
</rdf:Seq>
</items>
</channel>
<image rdf:about="x">
<link>y</link>
</image>
<item rdf:about="https://r/1">
<title>t</title>
<link>https://r/1</link>
<dc:date>2026-05-04T13:00:00+00:00</dc:date>
</item>
</rdf:RDF>
"""

ATOM_0_3 = """\
<feed version="0.3" xmlns="http://purl.org/atom/ns#">
<entry>
<link rel="alternate" type="text/html" href="https://o/1"/>
<issued>2026-05-04T13:00:00Z</issued>
<modified>2026-05-04T13:00:00Z</modified>
</entry>
</feed>
"""

PREFIXED = """\
<rss:rss xmlns:rss="x">
<rss:channel>
<rss:item>
<rss:link>https://p/1</rss:link>
</rss:item>
</rss:channel>
</rss:rss>
"""
