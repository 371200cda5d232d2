"""Korean. Folding takes its syllables apart: lines are folded when they are read (see `folded`)."""

from panelwright.providers.wire.panel_v2.refusal_words.folded import folded

LINES = folded(
    {
        "funds": r"""
            잔액이? ?(이 )?부족
            잔고가? ?부족
            충전해? ?주세요
        """,
        "key": r"""
            잘못된 api
            유효하지 않은 (api|키)
            api ?키가? (올바르지|유효하지) 않
        """,
        "disabled": r"""
            (리필|취소)(이|가|은|는)? ?(불가|지원되지|비활성)
        """,
        "duplicate": r"""
            (진행 ?중인|활성|이미) 주문
            이미 (진행|처리|주문)
            주문(이|가|은)? ?(아직 )?(진행 ?중|처리 ?중|완료되지 않|존재합니다)
            (같은|동일한) (링크|주소)
            (링크|주소)(가|는)? ?(이미|사용 ?중|처리 ?중)
            (미완료|완료되지 않은|처리 ?중인) 주문
            중복
        """,
        "not_found": r"""
            주문(을|이)? ?(찾을 수 없|존재하지 않)
            잘못된 주문
        """,
        "limit": r"""
            (요청|호출)(이|가)? ?너무 많
        """,
        "quantity": r"""
            (최소|최대) ?(주문 ?)?수량
            잘못된 수량
            수량(이|은)? ?(올바르지|잘못|부족|초과)
        """,
        "service": r"""
            잘못된 서비스
            서비스(를|가)? ?(찾을 수 없|존재하지 않)
        """,
        "service_loose": r"""
            서비스(가|는)? ?(중단|비활성|이용할 수 없|일시 ?중지)
        """,
        "link": r"""
            잘못된 (링크|주소|url)
            (링크|주소)(가|이|는)? ?(올바르지|잘못|유효하지)
            비공개 (계정|프로필)
        """,
        "limit_loose": r"""
            (나중에|잠시 후) 다시
            점검 ?중
        """,
    }
)
