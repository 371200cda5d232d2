"""The addresses of the pages. /api/v2 is not here: asgi.py answers it before Django is asked."""

from __future__ import annotations

from django.urls import path, re_path

from panelwright.web import account, doors, hooks, mass, ordering, orders, tickets, views

urlpatterns = [
    path("", views.home, name="home"),
    re_path(r"^api/?$", views.api, name="api"),
    path("login", doors.login, name="login"),
    path("logout", doors.logout, name="logout"),
    path("signup", doors.signup, name="signup"),
    path("signup/<str:token>", doors.confirm_signup, name="confirm_signup"),
    path("reset", doors.reset, name="reset"),
    path("reset/<str:token>", doors.reset_password, name="reset_password"),
    path("inside", doors.inside, name="inside"),
    path("account", account.account, name="account"),
    path("account/email/<str:token>", doors.confirm_email, name="confirm_email"),
    path("account/security", account.security, name="security"),
    path("account/security/on", account.second_factor_on, name="second_factor_on"),
    path("account/security/off", account.second_factor_off, name="second_factor_off"),
    path("account/security/codes", account.recovery_codes, name="recovery_codes"),
    path("account/sessions/end", account.end_other_sessions, name="end_sessions"),
    path("account/sessions/<int:session_id>/end", account.end_one_session, name="end_session"),
    path("account/mails", account.mails, name="mails"),
    path("account/keys", account.keys, name="keys"),
    path("account/keys/new", account.new_key, name="new_key"),
    path("account/keys/<int:key_id>/revoke", account.revoke_key, name="revoke_key"),
    path("order", ordering.new_order, name="new_order"),
    path("order/services", ordering.find_services, name="find_services"),
    path("order/price", ordering.price, name="order_price"),
    path("order/many", mass.mass_order, name="mass_order"),
    path("orders", orders.orders, name="orders"),
    path("orders.csv", orders.orders_csv, name="orders_csv"),
    path("orders/refills", orders.refills, name="refills"),
    path("orders/<int:order_id>", orders.one_order, name="order"),
    path("orders/<int:order_id>/again", orders.order_again, name="order_again"),
    path("orders/<int:order_id>/refill", orders.refill, name="refill_order"),
    path("orders/<int:order_id>/cancel", orders.cancel, name="cancel_order"),
    path("orders/<int:order_id>/pause", orders.pause, name="pause_order"),
    path("orders/<int:order_id>/resume", orders.resume, name="resume_order"),
    re_path(r"^orders/(?P<kind>drip-feeds|subscriptions)$", orders.orders, name="orders_of"),
    re_path(r"^orders/(?P<kind>drip-feeds|subscriptions)\.csv$", orders.orders_csv, name="orders_of_csv"),
    path("tickets", tickets.tickets, name="tickets"),
    path("tickets/new", tickets.new_ticket, name="new_ticket"),
    path("tickets/<int:ticket_id>", tickets.ticket, name="ticket"),
    path("tickets/<int:ticket_id>/close", tickets.close_ticket, name="close_ticket"),
    path("tickets/<int:ticket_id>/files/<int:file_id>", tickets.ticket_file, name="ticket_file"),
    re_path(r"^hooks/posts/([0-9]{1,18})$", hooks.posts, name="hook_posts"),
    path("static/<str:name>", views.asset, name="asset"),
]
