"""BTCPay Server: coins to the owner's own server, without anybody between."""
