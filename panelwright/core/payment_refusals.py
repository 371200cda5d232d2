"""The refusals of payments and vouchers: a part of the one registry (core/refusals.py)."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Words

PAYMENTS: dict[str, Words] = {
    # What customers ask for
    "no_payment_method": Words(gettext_noop("Choose a payment method from the list."), status=404),
    "no_payment": Words(gettext_noop("Payment not found."), status=404),
    "payment_decimals": Words(gettext_noop("The smallest unit is %(step)s %(currency)s.")),
    "payment_below": Words(gettext_noop("The minimum amount is %(amount)s %(currency)s.")),
    "payment_above": Words(gettext_noop("The maximum amount is %(amount)s %(currency)s.")),
    "bad_payment_amount": Words(gettext_noop("Enter an amount such as 25 or 12.50.")),
    "too_many_payments": Words(
        gettext_noop("You have %(limit)s unfinished payments. Finish or cancel one of them first."), status=409
    ),
    "too_many_today": Words(gettext_noop("You can start at most %(limit)s payments a day. Try again tomorrow.")),
    "terms_changed": Words(
        gettext_noop("The fee, rate or bonus has changed. Check the new amounts, then continue."), status=409
    ),
    "payment_ended": Words(gettext_noop("This payment has ended. Start a new one."), status=409),
    "proof_missing": Words(gettext_noop("Enter the reference or transaction ID of your payment.")),
    "receipt_missing": Words(gettext_noop("Attach your receipt.")),
    "payments_blocked": Words(
        gettext_noop("Payments are not available for your account. Open a ticket, and we will help you."), status=403
    ),
    # What staff decide
    "payment_held": Words(gettext_noop("Held by your payment rules. Nothing was credited yet.")),
    "payment_not_held": Words(gettext_noop("No rule holds this payment."), status=409),
    "payment_given_back": Words(
        gettext_noop("This payment was refunded, and cannot be credited any more."), status=409
    ),
    "payment_taken_back": Words(
        gettext_noop(
            "A bank wants this payment back, or has taken it: it cannot be credited unless the dispute is won."
        ),
        status=409,
    ),
    "held_goes_back_whole": Words(gettext_noop("A held payment goes back as a whole. Leave the amount empty.")),
    "held_is_there": Words(
        gettext_noop("The payment provider has this money. Release the payment or refund it."), status=409
    ),
    "not_fresh": Words(gettext_noop("All money of this payment can already be spent."), status=409),
    "no_payment_block": Words(gettext_noop("Block not found."), status=404),
    "payment_block_there": Words(gettext_noop("There is a block like this already."), status=409),
    "too_many_payment_blocks": Words(
        gettext_noop("A panel can have at most %(limit)s blocks of payments."), status=409
    ),
    "bad_block_customer": Words(gettext_noop("Enter the ID of one of your customers.")),
    "bad_block_address": Words(
        gettext_noop("Enter an IP address or a network, such as 203.0.113.7 or 203.0.113.0/24.")
    ),
    "bad_block_domain": Words(gettext_noop("Enter a domain, such as example.com.")),
    "payment_settled": Words(gettext_noop("This payment was already received and credited."), status=409),
    "proof_used": Words(gettext_noop("Another payment was already approved with this reference."), status=409),
    "own_payment": Words(gettext_noop("Somebody else has to decide about your own payment."), status=409),
    "received_in_test_mode": Words(gettext_noop("Test money was paid for a real payment, or the other way round.")),
    "received_for_another": Words(gettext_noop("The money names another payment: %(reference)s.")),
    "received_other_currency": Words(gettext_noop("%(amount)s %(currency)s came in: another currency.")),
    "received_other_amount": Words(gettext_noop("%(amount)s %(currency)s came in: another amount.")),
    "received_in_parts": Words(
        gettext_noop("%(amount)s %(currency)s came in by several transfers, or in another coin than was asked for.")
    ),
    # Receipts
    "receipts_need": Words(gettext_noop("Enter the seller and the address first. Receipts must show both.")),
    "bad_receipt_prefix": Words(
        gettext_noop("Use at most %(limit)s letters, digits, dots, slashes, hyphens or underscores.")
    ),
    "bad_tax_percent": Words(gettext_noop("A tax can be at most 100 percent.")),
    "tax_needs_name": Words(gettext_noop("Enter the name of the tax, such as VAT.")),
    # Methods
    "method_name_taken": Words(gettext_noop("Another payment method has this name."), status=409),
    "too_many_methods": Words(gettext_noop("A panel can have at most %(limit)s payment methods."), status=409),
    "no_gateway": Words(gettext_noop("This kind of payment method is not installed any more."), status=409),
    "method_has_payments": Words(
        gettext_noop("Customers have paid with this method. Turn it off instead of deleting it."), status=409
    ),
    "rate_missing": Words(
        gettext_noop("Set what 1 %(currency)s is worth in %(panel)s; for the same currency it is exactly 1."),
        status=409,
    ),
    "currency_not_taken": Words(
        gettext_noop("This payment provider does not take %(currency)s. Choose another currency."), status=409
    ),
    "bad_method_rate": Words(gettext_noop("Enter an exchange rate above zero.")),
    "bad_bonus_row": Words(gettext_noop("“%(row)s” is not a bonus. Write an amount and a percentage, such as 100 5.")),
    "too_many_bonus_rows": Words(gettext_noop("A method can have at most %(limit)s bonuses.")),
    "bad_fee_percent": Words(gettext_noop("A fee can be at most 100 percent.")),
    "max_below_min": Words(gettext_noop("The maximum must not be below the minimum.")),
    # Coupons
    "bad_coupon": Words(gettext_noop("There is no such coupon. Check the code.")),
    "coupon_expired": Words(gettext_noop("This coupon has expired.")),
    "coupon_used": Words(gettext_noop("You have already used this coupon."), status=409),
    "coupon_used_up": Words(gettext_noop("This coupon is used up."), status=409),
    "coupon_first_only": Words(gettext_noop("This coupon is for the first deposit only."), status=409),
    "coupon_below": Words(gettext_noop("This coupon is for deposits of %(amount)s %(currency)s or more.")),
    "no_coupon": Words(gettext_noop("Coupon not found."), status=404),
    "bad_coupon_code": Words(gettext_noop("A code has 3 to 30 letters, digits, hyphens and underscores.")),
    "coupon_code_taken": Words(gettext_noop("There is a coupon with this code already."), status=409),
    "coupon_brings": Words(gettext_noop("Enter either a percentage or a fixed amount.")),
    "coupon_percent": Words(gettext_noop("A coupon brings at most %(limit)s percent.")),
    "coupon_expiry_past": Words(gettext_noop("Choose an expiry in the future, and after the start.")),
    "trial_needs_amount": Words(gettext_noop("Enter the amount that each new customer gets.")),
    # Affiliates
    "affiliates_off": Words(gettext_noop("This panel has no affiliate program."), status=409),
    "no_partner": Words(gettext_noop("Affiliate not found."), status=404),
    "partner_blocked": Words(gettext_noop("This affiliate is blocked. Contact support."), status=409),
    "own_affiliate_money": Words(
        gettext_noop("Somebody else has to decide about affiliate money of yours, or that your deposits have earned."),
        status=409,
    ),
    "bad_affiliate_percent": Words(gettext_noop("A commission can be at most %(limit)s percent.")),
    "no_commission": Words(gettext_noop("Commission not found."), status=404),
    "commission_decided": Words(gettext_noop("This commission does not wait for a decision."), status=409),
    "no_payout": Words(gettext_noop("Payout not found."), status=404),
    "payout_closed": Words(gettext_noop("This payout was already paid or rejected."), status=409),
    "payout_requested": Words(gettext_noop("One payout is waiting already. Wait until it is decided."), status=409),
    "payout_above": Words(gettext_noop("%(amount)s %(currency)s can be paid out now."), status=409),
    "payout_below": Words(gettext_noop("The minimum payout is %(amount)s %(currency)s."), status=409),
    "payout_to_missing": Words(gettext_noop("Say where the money should go.")),
    "payouts_to_balance_only": Words(gettext_noop("Payouts go to your balance on this panel."), status=409),
    # Vouchers
    # The same whether it never was, was used up or has expired: who guesses learns nothing.
    "bad_voucher": Words(gettext_noop("This code is not valid. It may be mistyped, used up or expired.")),
    "voucher_used": Words(gettext_noop("You have already used this voucher."), status=409),
    "no_voucher": Words(gettext_noop("Voucher not found."), status=404),
    "voucher_expiry_past": Words(gettext_noop("Choose an expiry in the future.")),
    # Gateways
    "gateway_unreachable": Words(
        gettext_noop("The payment provider cannot be reached right now. Nothing was charged; try again in a moment."),
        status=409,
    ),
    "no_payment_address": Words(
        gettext_noop(
            "You cannot pay this way right now: the panel's own address is not set. Contact the panel's owner."
        ),
        status=409,
    ),
    "payment_opening": Words(
        gettext_noop("The payment page is already being opened. Try again in a few seconds."), status=409
    ),
    "gateway_refused": Words(
        gettext_noop("The payment provider did not take this payment. Choose another method or contact support."),
        status=409,
    ),
    "gateway_says": Words(gettext_noop("The payment provider says: %(said)s"), status=409),
    "gateway_has_no_test": Words(gettext_noop("This kind of payment method needs no test."), status=409),
    "test_mode_off": Words(
        gettext_noop("These keys are for test payments, which this installation does not take."), status=409
    ),
    "live_mode_off": Words(
        gettext_noop("These keys take real money, and this installation takes test payments alone."), status=409
    ),
    "stripe_key_missing": Words(gettext_noop("Enter your secret key. It begins with sk_live_ or sk_test_.")),
    "stripe_hook_secret_missing": Words(
        gettext_noop("Enter the signing secret of your webhook endpoint. It begins with whsec_.")
    ),
    "gateway_hook_secret_missing": Words(
        gettext_noop("Enter the secret of your webhook, 16 characters or more, as the payment provider shows it.")
    ),
    "cryptomus_merchant_missing": Words(gettext_noop("Enter your merchant ID, as the provider shows it.")),
    "cryptomus_key_missing": Words(gettext_noop("Enter your payment API key.")),
    "flutterwave_key_missing": Words(gettext_noop("Enter your secret key. It begins with FLWSECK- or FLWSECK_TEST-.")),
    "flutterwave_hash_missing": Words(
        gettext_noop("Enter the secret hash of your webhooks, 16 characters or more, as you have set it there.")
    ),
    "mercado_pago_token_missing": Words(gettext_noop("Enter your access token. It begins with APP_USR- or TEST-.")),
    "binance_pay_key_missing": Words(gettext_noop("Enter the API key of your Binance Pay merchant account.")),
    "binance_pay_secret_missing": Words(gettext_noop("Enter the secret of your API key.")),
    "nowpayments_key_missing": Words(gettext_noop("Enter your NOWPayments API key.")),
    "nowpayments_password_missing": Words(gettext_noop("Enter the password of the account, or leave out its e-mail.")),
    "paypal_client_missing": Words(gettext_noop("Enter the client ID of your PayPal app.")),
    "paypal_secret_missing": Words(gettext_noop("Enter the secret of your PayPal app.")),
    "paypal_webhook_missing": Words(
        gettext_noop("Enter the ID of your webhook, as the PayPal developer dashboard shows it.")
    ),
    "paystack_key_missing": Words(gettext_noop("Enter your secret key. It begins with sk_live_ or sk_test_.")),
    "razorpay_key_missing": Words(gettext_noop("Enter your key ID. It begins with rzp_live_ or rzp_test_.")),
    "razorpay_secret_missing": Words(gettext_noop("Enter the secret of your key.")),
    "uddoktapay_url_missing": Words(
        gettext_noop("Enter the address of your installation, such as https://pay.example.com.")
    ),
    "uddoktapay_key_missing": Words(gettext_noop("Enter an API key of your installation, 16 characters or more.")),
    "uddoktapay_currency_missing": Words(gettext_noop("Enter a currency by its three letters, such as BDT.")),
    "btcpay_url_missing": Words(
        gettext_noop("Enter the address of your BTCPay Server, such as https://pay.example.com.")
    ),
    "btcpay_store_missing": Words(gettext_noop("Enter the ID of your store, as its settings show it.")),
    "btcpay_key_missing": Words(gettext_noop("Enter an API key of your BTCPay Server.")),
    "yookassa_shop_missing": Words(gettext_noop("Enter the ID of your shop, as YooKassa shows it: digits alone.")),
    "yookassa_key_missing": Words(gettext_noop("Enter the secret key of your shop. It begins with live_ or test_.")),
    "not_refundable": Words(gettext_noop("Only payments that were received can be refunded."), status=409),
    "payment_disputed": Words(gettext_noop("This payment is disputed. Wait until the dispute is closed."), status=409),
    "not_disputable": Words(gettext_noop("Nothing of this payment is left that could be taken back."), status=409),
    "no_open_dispute": Words(gettext_noop("This payment has no open dispute."), status=409),
    "dispute_at_gateway": Words(
        gettext_noop("The payment provider decides about this dispute. It closes here once that has decided."),
        status=409,
    ),
    "no_surplus": Words(gettext_noop("Nothing more came in for this payment than was credited."), status=409),
    "no_unknown_refund": Words(gettext_noop("This payment has no refund whose outcome is unknown."), status=409),
    "nothing_to_check": Words(gettext_noop("There is nothing to check about this payment."), status=409),
    "own_voucher": Words(gettext_noop("You made this voucher, so you cannot redeem it yourself."), status=409),
    "more_than_received": Words(gettext_noop("At most %(rest)s %(currency)s can be refunded."), status=409),
}
