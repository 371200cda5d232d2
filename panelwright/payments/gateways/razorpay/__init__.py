"""Razorpay: UPI, cards and banks of India by payment links, on Razorpay's page."""
