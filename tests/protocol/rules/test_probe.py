from tests.protocol.rules.stand import Stand, new_link
import time
def test_probe(stand: Stand, carol, stranger, neighbour):
    t=time.time()
    for i in range(200): carol.says("balance")
    print("balance", (time.time()-t)/200)
    t=time.time()
    for i in range(200): o=stand.pending_order()
    print("order", (time.time()-t)/200)
    t=time.time(); stand.inside.state(); print("state", time.time()-t)
    t=time.time(); stand.inside.faults(); print("faults", time.time()-t)
    t=time.time(); o=stand.completed_order(); print("completed", time.time()-t)
    print(carol.status(o)); print(stand.refill("Rejected"))
    print(carol.refused("add", service=1))
