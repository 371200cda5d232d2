"""UddoktaPay and PipraPay: bKash, Nagad, Rocket and banks of Bangladesh, by the owner's own installation."""
