"""House rules that a program can check, over every file that git tracks or would track."""
