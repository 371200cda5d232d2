"""Spanish; lines that Portuguese has, too, stand there."""

LINES = {
    "funds": r"""
        (saldo|fondos?|creditos?|dinero) (es |esta |son )?insuficientes?
        sin (saldo|fondos|creditos?|dinero)
        saldo (es |esta )?(muito |muy )?(bajo|negativo)
        no (hay|tiene|tienes|posee|cuenta con|dispone de) .{0,25}(saldo|fondos|creditos?|dinero)
        (saldo|fondos|creditos?) no (es |son )?suficientes?
        (agregue|agrega|recargue|recarga|anada|deposite) .{0,15}(saldo|fondos|creditos?)
        falta de (saldo|fondos)
    """,
    "key": r"""
        (clave|llave) (de (la )?|del )?api
        (clave|llave|token) (es |esta )?(invalid|incorrect|errone|expirad|desactivad|inactiv)\w+
        (su|tu) (usuario|cuenta) (esta |fue |ha sido )?(inactiv|bloquead|suspendid|desactivad)\w+
        no autorizado
    """,
    "disabled": r"""
        (refil|reposic|cancel|anula|recarg)\w*.{0,40}(desactivad|deshabilitad|no permitid|no admit)
        (refil|reposic|cancel|anula)\w*.{0,40}no (esta )?disponi
        sin (refil|reposic)\w*
    """,
    "duplicate": r"""
        (pedido|orden)\w* (activ|en curso|en progreso|en proceso|pendiente)
        ya (existe|tienes?|hay|esta en curso|esta en proceso|esta en progreso|se esta|fue agregad|ha sido)
        mismo (enlace|link|perfil|usuario)
        (espere|espera) .{0,30}(pedido|orden|complet|termin|finalic)
        (pedido|orden) anterior
        (enlace|link|url|perfil|usuario) (ya |aun |todavia |se )*(esta |fue |ha sido |es )?(en uso|en curso|
          en proceso|ocupad|usad|
          utilizad|procesand|repetid|siendo)
        (pedido|orden)\w* (abiert|sin terminar|sin completar|incomplet|no completad|no finalizad|no terminad|repetid)
        (pedido|orden)\w* .{0,30}(aun|todavia) no
        (pedido|orden)\w* .{0,30}no (se )?(ha |esta )(terminad|finalizad|completad|acabad)
        (otro pedido|otra orden|dos pedidos|dos ordenes)
    """,
    "not_found": r"""
        (pedido|orden|refil\w*|reposic\w+).{0,20}no (fue )?(encontrad|existe)
        (id|numero) (de|del|de la) (pedido|orden).{0,12}(invalid|incorrect)
        (pedido|orden) (invalid|incorrect|inexistente)
    """,
    "limit": r"""
        demasiad[ao]s (solicitudes|peticiones|intentos)
        limite (de \w+ )?(fue |ha sido )?(excedid|superad|alcanzad)
    """,
    "quantity": r"""
        cantidad .{0,30}(min|max|menor|mayor|inval|incorr|multip|inferior|superior|debajo|encima)
        (menor|inferior|debajo|mayor|superior|encima) .{0,12}(min|max)im
        (minim|maxim)[oa] (de|es|permitid)\b
    """,
    "service": r"""
        servicio .{0,20}(invalid|incorrect|inexistente)
        servicio .{0,20}no (fue )?(encontrad|existe)
        (id|numero) (de|del) servicio
    """,
    "service_loose": r"""
        servicio .{0,30}(indispon|desactivad|deshabilitad|inactiv|pausad|cerrad|suspendid)
        servicio .{0,30}no (esta )?(disponi|activ)
    """,
    "link": r"""
        (enlace|link|url|perfil|usuario) (es |esta |de \w+ |del \w+ )?(invalid|incorrect|errone|rot[oa]|privad)
        (enlace|link|url) no (es |esta )?(valid|correct|encontrad|complet|compatible)
        no es (un |el )?(enlace|link|url)
        (introduzca|ingrese|ingresa|escriba|coloque|envie|use|proporcione) .{0,15}(enlace|link|url)\b
        (perfil|cuenta) (es |esta )?(privad|cerrad)
        (perfil|publicacion|video|canal) (no (fue )?encontrad|no existe|inexistente)
        formato (del|de) (enlace|link)
    """,
    "limit_loose": r"""
        mas tarde
        mantenimiento
        temporalmente
        intente (de nuevo|nuevamente|otra vez)
        intentelo (de nuevo|nuevamente|otra vez)
    """,
    "breakdown": r"""
        error (interno|desconocido|inesperado)
        error (del|en el|de) (servidor|sistema|conexion|base de datos)
    """,
    "vague": r"""
        algo (salio|ha salido|fue) mal
        (ocurrio|ha ocurrido|se produjo|se ha producido|hubo) un (error|problema)
    """,
}
