"""A world of customers, panels and unreliable providers in one process, moved by a seed.

`make simulate STEPS=20000 SEED=1 DB=sqlite` lets it loose on the product: the real actions with
their real SQL on a real database, without sockets and threads.

- `run.py` draws what happens next: somebody orders (`buying.py`), asks for a refill or a cancel
  (`asking.py`), a worker claims, asks a provider or writes down an answer (`workers.py`), a process
  dies in the middle of an action (`killed.py`), a machine sleeps, a clock jumps.
- `upstream.py` is a provider: it takes orders and loses answers, lies, goes silent, asks for a pause.
- `books.py` and `deliveries.py` remember what must be true: what was acknowledged and charged, and
  what each provider was really sent.
- `told.py` holds the messages of webhooks against what happened.
- `watch.py` tells which rows a step has changed, by triggers in the database; `rules.py`, the referee,
  with `movements.py` for money, judges each of them, and `checks.py` now and then everything. What is wrong
  raises `broken.Broken`.
- `mutants.py` breaks rules of the product on purpose; `test_simulator.py` shows that each is found
  within 1,000 steps, and `test_seeds.py` keeps the seeds that have found something.
"""
