"""What owners give to bring customers, and to bring them back: coupons on deposits, and affiliates' commissions.

Below payments, which know only three calls of it: a promise when a payment begins, its keeping when the payment is
settled, and its withdrawal in proportion to what goes back. A payment is known here by its number.
"""
