import math

from tuning.sheets import csv


def test_numbers_have_every_digit_and_bounds_columns_of_their_own(sheet):
    assert csv.written(sheet) == (
        "architecture,condition,test accuracy,test accuracy: low,test accuracy: high,seeds\n"
        "a_b,x|y,50.00001,49.0,51.0,3\n"
        "a_b,<i>,40.0,,,1\n"
        "c,,,,,\n"
    )


def test_records_are_empty_where_they_have_no_value():
    assert csv.rows([{"a": 0.1, "b": math.nan}, {"b": None, "c": "x,y"}]) == 'a,b,c\n0.1,,\n,,"x,y"\n'
