"""Labels as bits of the column ``label_bits``.  Rows are stamped with these: never change a number."""

from collections.abc import Iterable

from consent import UNKNOWN_LABEL

BITS = {
    "SOURCE-ONLY": 1,
    "UNINFORMED": 2,
    "UNDELIVERED": 4,
    "WELFARE": 8,
    "PSY": 16,
    "HIV": 32,
    "ADDRESS-PROTECTED": 64,
    "R": 128,
    "V": 256,
    UNKNOWN_LABEL: 1 << 30,
}
# Every bit of a 32-bit column, also those that no label has yet: what is not cleared is closed.
ALL_BITS = (1 << 31) - 1


def bits(labels: Iterable[str]) -> int:
    """The number that stands for these labels; a label that is not on the list counts as unknown."""
    total = 0
    for label in labels:
        total |= BITS.get(label, BITS[UNKNOWN_LABEL])
    return total


def labels(bits: int) -> frozenset[str]:
    """The labels that a number stands for; a bit that no label has counts as an unknown one."""
    unknown = BITS[UNKNOWN_LABEL] if bits & ~sum(BITS.values()) else 0
    return frozenset(label for label, bit in BITS.items() if (bits | unknown) & bit)
