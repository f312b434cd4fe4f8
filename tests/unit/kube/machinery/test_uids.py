"""UIDs, and what generated names end in."""

import os
import threading
import uuid
from collections import Counter

from wherry.kube.machinery.uids import random_suffix, random_uid, supply


def test_a_uid_is_a_random_uuid_and_another_each_time() -> None:
    found = {random_uid() for _ in range(1000)}
    assert len(found) == 1000
    for text in found:
        read = uuid.UUID(text)
        assert str(read) == text and read.version == 4 and read.variant == uuid.RFC_4122


def test_what_is_supplied_is_made_when_the_rest_is_used_up() -> None:
    batches = iter((["a"], [], ["b", "c"]))
    take = supply(lambda: next(batches))
    assert [take(), take(), take()] == ["a", "c", "b"]


def test_threads_and_children_have_other_ones() -> None:
    random_uid()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, "".join(random_uid() for _ in range(100)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    found = {text[at : at + 36] for at in range(0, len(text), 36)}
    assert len(found) == 100
    threads = [threading.Thread(target=lambda: found.update([random_uid() for _ in range(5000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20_100


def test_every_other_bit_is_left_to_chance() -> None:
    ones, zeros = 0, 0
    for _ in range(1000):
        value = uuid.UUID(random_uid()).int
        ones |= value
        zeros |= ~value
    fixed = (0xF << 76) | (0b11 << 62)
    assert (ones & zeros) | fixed == (1 << 128) - 1


def test_a_suffix_is_of_upstreams_letters_and_each_as_likely() -> None:
    letters = "bcdfghjklmnpqrstvwxz2456789"  # apimachinery pkg/util/rand
    found = [random_suffix() for _ in range(10_000)]
    assert {len(each) for each in found} == {5}
    for position in range(5):
        times = Counter(each[position] for each in found)
        assert set(times) == set(letters)
        assert all(200 < count < 560 for count in times.values())  # 370 of 10,000, and ten times the deviation
    assert len(set(found)) > 9_900
