"""Portuguese, as in Brazil."""

LINES = {
    "funds": r"""
        (saldo|fundos?|creditos?) (e |esta |sao )?(muito )?insuficientes?
        sem (saldo|fundos|creditos?|dinheiro)
        saldo (e |esta )?(muito )?(baixo|zerado|negativo)
        nao (ha|tem|possui|existe|existem) .{0,25}(saldo|fundos|creditos?|dinheiro)
        (saldo|fundos|creditos?) nao (e |sao )?(suficientes?|o suficiente)
        (adicione|adicionar|recarregue|deposite) .{0,15}(saldo|fundos|creditos?|conta)
        falta de saldo
    """,
    "key": r"""
        chave (da |de )?api
        (chave|token) (e |esta )?(invalid|incorret|errad|expirad|desativad|inativ)\w+
        (sua conta|seu usuario) (esta |foi )?(inativ|bloquead|suspens|desativad)\w+
        nao autorizado
    """,
    "disabled": r"""
        (refil|reposic|cancel)\w*.{0,40}(desativad|desabilitad|indispon|nao suporta|nao permitid)
        (refil|reposic|cancel)\w*.{0,40}nao (esta )?disponi
        sem (refil|reposic)\w*
    """,
    "duplicate": r"""
        (pedido|ordem)\w* (ativ|em andamento|em execucao|em processamento|pendente)
        ja (existe|possui|tem|ha|esta em andamento|esta em execucao|esta sendo|em andamento|em execucao|
          foi adicionad|foi feito)
        mesmo (link|perfil|usuario)
        (?<!comentarios )(?<!comentario )(?<!usuarios )(?<!entrada )(?<!nomes )duplicad(?!\w+ comentario)
        (aguarde|espere) .{0,30}(pedido|conclu|termin|finaliz)
        pedido anterior
        em andamento (para|com|neste|nesse)
        (link|url|endereco|perfil|usuario) (ja |ainda )*(esta |foi |e )?(em uso|em execucao|em processamento|em curso|
          ocupad|usad|
          utilizad|processad|repetid|sendo)
        (pedido|ordem)\w* (abert|em aberto|em curso|em progresso|incomplet|nao concluid|nao finalizad|nao terminad|
          repetid)
        (pedido|ordem)\w* .{0,30}ainda (nao|esta em)
        (pedido|ordem)\w* .{0,30}nao (foi |esta )(conclu|finaliz|complet|termin)
        (outro pedido|outra ordem|dois pedidos|duas ordens)
    """,
    "not_found": r"""
        (pedido|ordem|refil\w*|reposic\w+).{0,20}nao (foi )?(encontrad|existe)
        (id|numero) (do|de|da) (pedido|ordem).{0,12}(invalid|incorret)
        (pedido|ordem) (invalid|incorret|inexistente)
    """,
    "limit": r"""
        muit[ao]s (requisicoes|solicitacoes|tentativas|pedidos por)
        limite (de \w+ )?(foi )?(excedid|atingid)
    """,
    "quantity": r"""
        quantidade .{0,30}(min|max|menor|maior|inval|incorr|multip|inferior|superior|abaixo|acima)
        (menor|inferior|abaixo|maior|superior|acima) .{0,12}(min|max)im
        (minim|maxim)[oa] (de|e|permitid)\b
        (minimo|maximo) .{0,10}\d
        multiplo de
    """,
    "service": r"""
        servico .{0,20}(invalid|incorret|inexistente)
        servico .{0,20}nao (foi )?(encontrad|existe)
        (id|numero) (do|de) servico
    """,
    "service_loose": r"""
        servico .{0,30}(indispon|desativad|desabilitad|inativ|pausad|fechad|suspens|encerrad)
        servico .{0,30}nao (esta )?(disponi|ativ)
    """,
    "link": r"""
        (link|url|endereco|perfil|usuario) (e |esta |do \w+ |da \w+ )?(invalid|incorret|errad|ruim|quebrad|privad)
        (link|url|endereco) nao (e |esta )?(valid|corret|encontrad|completo|suportad)
        nao e (um |o )?(link|url)
        (insira|informe|digite|coloque|envie|use) .{0,15}(link|url)\b
        (perfil|conta) (e |esta )?(privad|fechad)
        (perfil|publicacao|postagem|video|canal) (nao (foi )?encontrad|nao existe|inexistente)
        formato (do|de) link
    """,
    "limit_loose": r"""
        mais tarde
        manutencao
        tempora(ri|l)amente
        tente novamente
    """,
    "breakdown": r"""
        err(o|or) (interno|desconhecido|inesperado)
        erro (do|no|de) (servidor|sistema|conexao|banco de dados)
    """,
    "vague": r"""
        algo (deu|correu|saiu) (errado|mal)
        ocorreu um (erro|problema)
        houve um (erro|problema)
    """,
}
