import pytest

from wherry.kube.machinery import intstr


@pytest.mark.parametrize(
    ("value", "total", "round_up", "found"),
    [
        (3, 10, True, 3),
        ("25%", 10, True, 3),
        ("25%", 10, False, 2),
        ("0%", 10, True, 0),
        ("100%", 7, False, 7),
        ("150%", 2, False, 3),
        ("-25%", 10, True, -2),
    ],
)
def test_a_percentage_is_of_the_total(value: intstr.IntOrString, total: int, round_up: bool, found: int) -> None:
    assert intstr.scaled(value, total, round_up) == found


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("25", "invalid type: string is not a percentage"),
        ("x%", 'invalid value "x%": strconv.Atoi: parsing "x": invalid syntax'),
        ("1_0%", 'invalid value "1_0%": strconv.Atoi: parsing "1_0": invalid syntax'),
    ],
)
def test_a_text_must_be_a_percentage(value: str, complaint: str) -> None:
    with pytest.raises(ValueError) as error:
        intstr.scaled(value, 10, True)
    assert str(error.value) == complaint


def test_what_a_percentage_is() -> None:
    assert intstr.is_percent("25%")
    assert not intstr.is_percent("25")
    assert not intstr.is_percent(25)
