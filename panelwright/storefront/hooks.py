"""What other programs tell a panel, signed: new posts of users, and what gateways know of payments."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from panelwright.core import clock, limits, signatures
from panelwright.core.loop import let_go
from panelwright.core.secret import installation_box
from panelwright.orders.post_rules import ReportedPost, username_key
from panelwright.payments import asking_actions, connections
from panelwright.payments import queries as payment_queries
from panelwright.payments.gateway import Hook, Trouble
from panelwright.providers.models import PostSource, SourceKind
from panelwright.providers.posts import webhooks
from panelwright.providers.posts.post_actions import hear
from panelwright.ui.request import PanelRequest

# For a source that there is not: it takes as long, and answers the same, as a wrong signature.
_NOBODYS_SECRET = signatures.new_secret()


@csrf_exempt
def posts(request: PanelRequest, source_id: str) -> HttpResponse:
    """`POST /hooks/posts/<source id>`: 200 {"accepted": n, "known": m}, or 400, 401, 405, 413 {"error": text}.

    Accepted are posts that an open subscription had not been told of; the rest are known, or
    nobody's. Sending the same again is harmless.
    """
    if request.method != "POST":
        return JsonResponse({"error": "Send a POST"}, status=405, headers={"Allow": "POST"})
    body = request.read(limits.HOOK_BYTES_MAX + 1)
    if len(body) > limits.HOOK_BYTES_MAX:
        return JsonResponse({"error": f"The body is longer than {limits.HOOK_BYTES_MAX} bytes"}, status=413)
    if not signatures.signed(_secret(request.panel.id, int(source_id)), request.headers, body):
        return JsonResponse({"error": "The signature is not valid"}, status=401)
    try:
        told = webhooks.read(body)
    except ValueError as error:
        return JsonResponse({"error": str(error)}, status=400)
    accepted = 0
    users: dict[str, dict[str, ReportedPost]] = {}
    for username, post in told:
        users.setdefault(username_key(username), {}).setdefault(post.link, post)
    for username, unique in users.items():
        accepted += hear(panel_id=request.panel.id, username=username, posts=list(unique.values()))
    return JsonResponse({"accepted": accepted, "known": len(told) - accepted})


def _secret(panel_id: int, source_id: int) -> str:
    """The secret of this panel's webhook, or one that nobody has."""
    found = PostSource.objects.filter(panel_id=panel_id, id=source_id, kind=SourceKind.WEBHOOK, enabled=True)
    sealed = found.values_list("sealed_secret", flat=True).first() or installation_box().seal(_NOBODYS_SECRET)
    try:
        return installation_box().open(sealed)
    except ValueError:
        # Sealed with a secret that the installation had before: nobody can sign for it.
        return _NOBODYS_SECRET


@csrf_exempt
def payments(request: PanelRequest, token: str) -> HttpResponse:
    """`POST /hooks/payments/<token>`: what a gateway tells. 200 once its signature is right, whatever we make of it:
    some gateways stop telling after our own trouble. Sending the same again is harmless.

    The body credits nothing: the gateway is asked.
    """
    if request.method != "POST":
        return JsonResponse({"error": "Send a POST"}, status=405, headers={"Allow": "POST"})
    body = request.read(limits.PAYMENT_HOOK_BYTES_MAX + 1)
    if len(body) > limits.PAYMENT_HOOK_BYTES_MAX:
        return JsonResponse({"error": f"The body is longer than {limits.PAYMENT_HOOK_BYTES_MAX} bytes"}, status=413)
    method = payment_queries.method_of_hook(request.panel.id, token)
    api = None if method is None else connections.api_of(method)
    if method is None or api is None:
        return JsonResponse({"error": "There is no such webhook"}, status=404)
    now = clock.now()
    try:
        to = connections.connection_of(method)
    except ValueError:
        # Sealed with a key that the installation had before: told again later, it may be readable.
        return JsonResponse({"error": "The secrets of this webhook cannot be read"}, status=503)
    headers = {name.lower(): value for name, value in request.headers.items()}
    hook = Hook(headers, body, now, request.GET.dict())
    if api.asks_to_verify:
        if not api.complete(hook):
            return JsonResponse({"error": "The signature is not valid"}, status=400)
        refused = asking_actions.may_verify(panel_id=request.panel.id, method_id=method.id, now=now)
        if refused is not None:
            return JsonResponse({"error": "Too many webhooks"}, status=503, headers={"Retry-After": "60"})
        let_go()
    verified = api.verified(to, hook)
    if isinstance(verified, Trouble):
        return JsonResponse({"error": "The signature could not be checked"}, status=503)
    if not verified:
        return JsonResponse({"error": "The signature is not valid"}, status=400)
    event = api.read(hook)
    if event is not None:
        asking_actions.hear(method=method, event=event, body=body, now=now)
    return JsonResponse(dict(api.heard))
