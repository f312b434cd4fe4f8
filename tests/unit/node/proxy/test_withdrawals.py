from wherry.node.proxy.endpoints import ANY
from wherry.node.proxy.withdrawals import KEPT_SECONDS, Withdrawals


def test_pods_withdraw_and_whoever_gets_the_address_next_has_not() -> None:
    withdrawals = Withdrawals()
    withdrawals.add(["10.0.0.1", "fd00::1"], "one", 0.0)
    withdrawals.add(["10.0.0.1"], "", 1.0)
    assert withdrawals.view == {"10.0.0.1": {"one", ANY}, "fd00::1": {"one"}}
    withdrawals.forget(["10.0.0.1", "10.0.0.9"])
    assert withdrawals.view == {"fd00::1": {"one"}}


def test_old_ones_are_forgotten_when_no_endpoint_has_them() -> None:
    withdrawals = Withdrawals()
    withdrawals.add(["10.0.0.1", "10.0.0.2"], "one", 0.0)
    withdrawals.add(["10.0.0.3"], "two", 1.0)
    withdrawals.prune(lambda address: address == "10.0.0.2", KEPT_SECONDS)
    assert set(withdrawals.view) == {"10.0.0.2", "10.0.0.3"}
