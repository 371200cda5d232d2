"""English, and the untranslated keys of panel scripts."""

LINES = {
    "funds": r"""
        (not|no|t have|without|dont have|havent|lack of|lacks) (enough |sufficient |any )*(funds|balance|money|
          credits?)\b
        (not|t|isn t) (enough |sufficient )+(\w+ )?(funds|balance|money|credits?)
        insufficient (\w+ )?(funds?|balance|money|credits?|wallet)
        insufficient amount (in|on|of) (your |the )?(account|wallet|balance)
        (not|no|t have|without) (enough |sufficient )coins
        \bfund (your |the )?(account|wallet|balance)
        \badd (some |more )?funds?\b
        \b(please|kindly|pls) (recharge|top up|topup)\b
        (funds?|balance|credits?|money)( on| in| of)?( your| the)?( account| wallet)? (is |are |too |not |t |
          isn )*(insufficient|low|enough|sufficient|empty|negative|zero)\b
        (low|zero|empty|negative) (account |user |wallet )?(funds|balance|credits?)
        out of (funds|credits?|balance|money)
        (add|top up|topup|recharge|refill|deposit|increase|charge).{0,15}(funds|balance|wallet)
        (top up|recharge|topup) (your |the )?account
        (can ?not|can t|cant|couldn t) afford
        payment required
        need(s|ed)? more (funds|balance|money|credits?)
        (exceeds?|more than|higher than|greater than|bigger than) (your |the |user |account |available )*(balance|
          funds)\b
        balance (is )?(less|lower|smaller) than
        (insuff?ici?ent|insufici?ent|unsufficient|inssuficient) (\w+ )?(funds?|founds?|balance|money|credits?)
        (balance|funds?|credits?|saldo) insufi\w+
        (credit|spending|overdraft) limit\b
        (not|no) enoug\w* (founds?|balanc|mony|funds?)
    """,
    "key": r"""
        \bapi key\b
        (invalid|incorrect|wrong|bad|missing|unknown|empty|inactive|expired|no) (api |auth |access |secret |
          authentication |authorization |security )?(key|token|apikey)\b
        (user ?name|login|e ?mail) (or |and )?password\b
        (invalid|incorrect|wrong|bad|unknown) (login |user |api )?(password|credentials?)\b
        \baccess (is |was |has been )?denied\b(?! for user)
        (invalid|incorrect|wrong|bad|unknown) (request|api|endpoint|callback|webhook) (url|uri|path|route|endpoint)\b
        ^(the )?(request )?(url|uri|route|endpoint) (was |is )?not found$
        \b(key|apikey|token) (is |was |has been )?(invalid|incorrect|wrong|missing|required|not found|disabled|
          inactive|not valid|expired|revoked|blocked)
        (invalid|wrong|incorrect) api\b
        \bapi (access |usage )?(is |was |has been )?(disabled|denied|forbidden|inactive|not allowed|not enabled)
        no api access
        unauthori[sz]ed
        unauthenticated
        (authentication|authorization|auth) (failed|required|error)
        your (panel |api |reseller |user )?(user|account) (is |has been |was )?(not active|inactive|disabled|
          suspended|banned|blocked|deactivated)
        \bip\b.{0,30}not (allowed|whitelisted|authori[sz]ed)
        \bip\b( address)?( \d+){0,8} (is |was |has been )?(blocked|banned|black ?listed|denied|restricted)\b
    """,
    "disabled": r"""
        (refill|cancel)\w*.{0,40}\bdisabled
        (refill|cancel)\w*.{0,40}\b(not|isn t|doesn t) (available|supported?|allowed|enabled|possible|offered)
        does not support (refill|cancel)
        \bno refill\b
        (can ?not|can t) be refilled
        \bnon refill
    """,
    "duplicate": r"""
        active (order|task)
        same (link|url|target|username|page|post)
        ^(error )?duplicated?$
        duplicated? (order|task|link|url|target|page|post|request)s?\b
        (order|task|link|url|target|page|post|request)s? (is |are |was |has been |already )?(a )?duplicated?\b
        already (have|has|exists?|been|being processed|ordered|in progress|in process|in queue|in use|active|
          process|running|run|started|pending|queued|added|used|placed|working|submitted|taken|in work)
        (is |are )?(still|currently|now) (running|in progress|in process|processing|being processed|active|
          working|in work)
        (link|url|username|user|page|post|target|account) (is |are |was |has been )?(busy|in use|in work|
          in progress|in queue|being processed|processing|running)
        orders? .{0,20}(in progress|in process|processing|running|in queue)
        wait (until|till|for|while) .{0,40}(order|complet|finish)
        (previous|another|other|last|existing|first|current|old) order.{0,30}(complet|finish|end|progress|process|
          run|this|link|wait|done)
        (complete|finish|done).{0,20}(previous|existing|current) order
        order.{0,30}(is not|isn t|not|hasn t) (yet )?(finished|completed|ended|done) yet
        (already|exist\w*|pending|open) (an? )?(order|task)s? (for|with|on|to) (this|that|the|same)
        (unfinished|uncompleted|incomplete|open|pending) orders? (for|with|on) (this|that|the|same)
        ^(link|url|username|post) (is )?(still |already )?in process$
        neworder error link duplicate
        neworder error link exists
        \b(link|url|username|user|page|post|target|account|profile) (is |are |was )?(already |still |
          currently )*(under (process|processing|
          progress|work)|underway)
        \b(link|url|username|page|post|target|profile) (is |was )?(not|isn t|wasn t) (yet )?(completed|finished|
          done)\b
        \b(link|url|username|target) exists
        (?<!no )(?<!such )\border exists
        order .{0,20}\b(link|url|page|post|username|user|target|profile)\b.{0,20}(not|isn t|
          hasn t) (yet )?(been )?(completed|
          finished|ended)
        \b(used|in use|taken|occupied|locked) (by|in|for|with) (an |another |other |your |the )*(order|task)
        orders? .{0,25}\b(is|are|was) (still |already |currently )*(pending|open|active|ongoing|unfinished|incomplete)\b
        (ongoing|running|unfinished|uncompleted|incomplete|pending) (order|task)
        (two|2|multiple|several|second|more than one|another) (order|task)s? (for|with|on|to|by) (the |one |this |
          that |a |
          same )*(link|url|page|post|username|target)
        (only )?one order (per|at a time|for (one|each|a|every|this|the))\b
    """,
    "not_found": r"""
        (incorrect|invalid|wrong|unknown|bad|no such) (order|refill|task)( id\w*)?\b(?! (quantity|link|status|
          amount|type))
        (order|refill|task)s?( id\w*)?( \d+)? (is |was |does |do |are )?not (found|exist|valid)
        (order|refill|task)s?( id\w*)?( \d+)? (is |are )?(invalid|incorrect|missing)
        (order|refill|task)s?( id\w*)?( \d+)? doesn ?t exist
    """,
    "limit": r"""
        rate limit
        too many (request|attempt|order|call|connection|quer)
        request limit
        (requests?|orders?|calls?) per (second|minute|hour|day)
        (requests?|orders?|calling|sending) (\w+ )?too (fast|often|frequently|quickly)
        (?<!quantity )(?<!amount )(?<!count )(?<!comments )(?<!quantity the )limit (is |has been |
          was )?(exceeded|reached|exhausted)
        (?<!quantity )(?<!amount )(?<!count )(?<!comments )(?<!quantity has )(exceeded|reached|exceeds) (the |your |
          our )?(?!quantity|amount|max|min)(\w+ )?limit
        slow down
        throttl
        flood (control|wait|detected)
    """,
    "quantity": r"""
        (less|lower|smaller|fewer) than (the )?(min|allowed)
        (more|greater|higher|larger|bigger) than (the )?(max|allowed)
        (incorrect|invalid|wrong|bad) (quantity|amount|count)
        (min|max)(imum|imal)? (order |allowed )?(quantity|amount|count|order|value)\b
        (min|max)(imum|imal)? (is|are|of|should be|must be|for this service|allowed)\b
        ^(min|max)(imum|imal)? \d+
        quantity (is |must |should |has |too |can |cannot |can t |not |to )*(be )?(less|more|greater|lower|higher|
          between|multiple|at least|at most|a multiple|divisible)
        quantity (is |too )*(invalid|incorrect|low|high|small|big|large|not|out of range)
        (quantity|amount) .{0,20}(not in range|out of range|between|multiple|divisible)
        too (small|low|little|high|big|large) (order )?quantity
        neworder error (min|max|increment|quantity)
        (quantity|amount|count|comments) limit (is |has been |was )?(exceeded|reached|exhausted)
        quantity the limit (is |has been |was )?(exceeded|reached|exhausted)
        (quantity|amount|count|comments) (exceeded|reached|exceeds) (the |your |our )?(\w+ )?limit
        quantity has (exceeded|reached) (the |your |our )?(\w+ )?limit
        (exceeded|reached|exceeds) (the |your |our )?(quantity|amount|maximum|minimum|max|min) limit
        multiple of
        (below|under) .{0,10}min
        (above|over|exceed\w*) .{0,10}max
        at (least|most) \d+ (units?|pcs|pieces)
    """,
    "service": r"""
        (incorrect|invalid|wrong|unknown|bad|no such) service
        neworder error service
        service( id)?( \d+)? (is |was |does |has been )?not (found|exist|valid)
        service( id)?( \d+)? (is |was |has been )?(invalid|incorrect|deleted|removed)
        service( id)?( \d+)? (doesn ?t|didn t) exist
        ^(no|not found) service$
        service( id)?( \d+)? (is )?no longer (available|exist\w*|active|offered|supported)
    """,
    "service_loose": r"""
        (this|the|selected) service .{0,30}(disabled|inactive|closed|paused|unavailable|stopped|deactivated|
          suspended)
        (this|the|selected) service .{0,30}not (active|available|enabled|allowed|working|work)
        service( id)?( \d+)? (is |are |currently |temporarily |has been |was )*(disabled|inactive|closed|paused|
          stopped|deactivated|suspended|off|down|offline)\b
        service( id)?( \d+)? (is |currently |temporarily )*not (active|enabled|allowed|working)
        service (is )?not available (for|to|on) (you|your|this)
        service( id)? \d+ (is |currently |temporarily )*(unavailable|not available)
        (disabled|inactive|closed|stopped|paused) service
    """,
    "link": r"""
        (bad|invalid|incorrect|wrong|broken|unsupported|missing|empty) (?!api )(\w+ )?(link|url|target|user ?name|
          profile|post)\b(?! (data|request|param|method|body|field))
        (?<!requested )(?<!api )\b(link|url|user ?name|profile|post|channel|video)\b(?! (data|request|
          method|body|field)).{0,30}(invalid|incorrect|wrong|required|private|broken|deleted|removed)
        (?<!requested )(?<!api )\b(link|url|user ?name|profile|post|channel|video)\b(?! (data|request|
          method|body|field)).{0,30}(not|doesn ?t|isn ?t|didn ?t) (be )?(valid|correct|found|exist|supported|
          public|available|allowed|match|accessible|full|complete\b)
        (?<!your )\b(account|user) (is |was |are )?(set to |now |not |isn t )?(private|public)
        (?<!your )(?<!api )(?<!panel )\b(account|user) (was |is |does |do |did |could )?not (be )?(found|exist)\b
        (?<!your )(?<!api )(?<!panel )\b(account|user) (doesn|didn) ?t exist
        \bno such (user|account|channel|video|post|page|group)\b
        \b(link|url|profile|post|channel|video|page) (is |was |are |has been )?(currently |now )?unavailable\b
        \b(instagram|twitter|tiktok|youtube|telegram|facebook|threads|twitch|linkedin|discord|reddit|spotify|
          target|targeted) (user|account|page|group)s? .{0,20}(suspended|banned|blocked|deactivated|disabled|
          terminated|inactive|invalid|incorrect|wrong|private|deleted|removed)
        \b(instagram|twitter|tiktok|youtube|telegram|facebook|threads|twitch|linkedin|discord|reddit|spotify|
          target|targeted) (user|account|page|group)s? .{0,20}(not|doesn ?t|isn ?t|didn ?t) (be )?(active|valid|
          found|exist|public|available|accessible)
        \b(not|isn t|is no|no) (an? |the |in )?(valid |full |correct |direct |proper |complete |right |public |
          instagram |youtube |tiktok |telegram |facebook |twitter )*(link|url|username)\b
        (enter|provide|use|specify|insert|put|send|paste|need|needs) (us |an? |the |your |valid |full |correct |
          direct |
          proper |complete |right |public |post |profile |video |channel )*(link|url)\b
        (?<!api )\b(link|url) (must|should|has to|have to|needs to|need to|format|is too|too)
        \b(link|url|target)( is| was)? not (an? |the )?(\w+ )?(post|profile|channel|group|video|reel|story|account|
          photo)\b
        not (an? |the )?(post|profile|channel|group|video|reel|story|media) (link|url)
        \b(link|url) field must be (an? )?valid
        \b(link|username) field is required
        \b(link|url) is an? (profile|channel|account|page|group|post|video|story|reel|playlist) (link|url)\b
        only (\w+ ){0,3}(links|urls|posts|channels|profiles) (are |is )?(accepted|allowed|supported)
        (link|url|username|target|channel|profile) (is |was |has been )?(black ?listed|banned|blocked|expired|revoked)
        (group|page|target|community|playlist) (is )?(private|closed|restricted)
        (media|reel|story|photo|tweet|playlist|track) (was |is |does )?not (found|exist)
        (username|user name|target|link) must be public
        neworder error link
        (private|closed|deleted) (account|profile|channel|group|post|video|user)
        (account|profile|user|channel|group|page) (must|should|has to|need to|needs to) be (public|open)
        (make|set) (your |the )?(account|profile|page|channel) (to )?(public|open)
        does not match .{0,20}(link|url|pattern)
        (short|shortened) (links?|urls?)
        (not|no|t) (load|open|access|reach|parse|recogni[sz]e|find|resolve)( the| this| your)? (link|post|profile|
          video|channel)
    """,
    "limit_loose": r"""
        temporar(y|ily)
        try (again |it )?later
        try again (in|after)
        maintenance
        overload
        (server|system|panel|provider|api) (is )?(too )?busy
        ^service (is )?(currently )?(unavailable|not available)$
        less than \d+ hours? ago
        come back later
    """,
    "breakdown": r"""
        time ?outs?\b
        timed out
        internal (server )?error
        server error
        sqlstate
        deadlock
        lock wait
        exception
        stack ?trace
        traceback
        curl error
        bad gateway
        gateway time
        fatal error
        parse error
        syntax error
        \b(type|value|key|reference|attribute|runtime|assertion)error\b
        undefined (index|variable|array|offset|property|method|function|constant|class|key)
        call to (a member|undefined)
        attempt to (read|assign) property
        trying to (access|get)
        (cannot|can t|can not) read propert
        of undefined\b
        (array|object) to string conversion
        division by zero
        duplicate (entry|key|column)
        (mysql|mariadb|postgres\w*|sqlite|redis|mongodb)\b
        server has gone away
        access denied for user
        lost connection
        data too long
        unknown column
        column .{0,40}cannot be null
        table .{0,60}(marked as crashed|doesn t exist)
        integrity constraint
        (unique|foreign key|check|null) constraint
        (commit|transaction) (was |has )?(failed|aborted|rolled back)
        execution time
        (allowed|out of|not enough) memory\b
        no space left
        connection (was |has been |is )?(reset|refused|aborted|closed|lost|terminated|broken)
        broken pipe
        socket hang ?up
        \b(econn|etimed|ehost|enet|enotfound|epipe|eai|esocket)\w*
        upstream (connect|request|prematurely)
        unexpected (error|end|token|response|server)
        unknown error
        status code 5\d\d
        ^(error|http|http error|http status) 5\d\d\b
    """,
    "vague": r"""
        something (went|goes|has gone) wrong
        (error|problem|failure) (has |have |was |is )?(occurr?ed|occurs|happened|encountered)
        whoops
    """,
}
