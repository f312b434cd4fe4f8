"""What the benchmarks make of /proc/PID/smaps."""

from benchmarks.memory import Mapping, alone_bytes, mappings, pss_bytes

SMAPS = """\
7f01-7f02 r-xp 00000000 fe:00 42                         /usr/lib/libc.so.6
Rss:                 100 kB
Pss:                  10 kB
Pss_Dirty:             2 kB
Anonymous:             4 kB
VmFlags: rd ex
7f03-7f04 rw-p 00000000 00:00 0
Rss:                  20 kB
Pss:                  15 kB
Pss_Dirty:            15 kB
Anonymous:            20 kB
VmFlags: rd wr
"""
K = 1024


def test_mappings_are_read_one_by_one() -> None:
    first, second = mappings(SMAPS)
    assert first == Mapping("fe:00 42", 10 * K, 100 * K, 4 * K, 2 * K)
    assert second == Mapping("", 15 * K, 20 * K, 20 * K, 15 * K)


def test_proportional_sizes_are_added_up() -> None:
    assert pss_bytes([mappings(SMAPS), mappings(SMAPS)]) == 50 * K


def test_alone_a_file_counts_once_with_the_largest_part_of_it() -> None:
    small = [Mapping("fe:00 42", 1 * K, 30 * K, 0, 0), Mapping("fe:00 42", 1 * K, 10 * K, 0, 0)]
    large = [Mapping("fe:00 42", 1 * K, 50 * K, 5 * K, 2 * K), Mapping("", 7 * K, 9 * K, 9 * K, 7 * K)]
    assert alone_bytes([small, large]) == (45 + 2 + 7) * K
