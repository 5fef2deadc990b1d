"""What should lie elsewhere: the rules one by one, and what no plan may ever do."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.domain.space import Aims, Goods, Place, suggest

D = Decimal


def bins(zone, count, limit=100, distance=10.0, **more):
    """Return bins of a zone, each a metre further off."""
    return [
        Place(f"{zone}{n}", zone, (D(limit), None, None), distance + n, **more)
        for n in range(1, count + 1)
    ]


def goods(place, sku, quantity, **more):
    """Return a cell."""
    return Goods(bin=place, sku=sku, quantity=D(quantity), **more)


def brief(found):
    """Return what a suggestion says, short."""
    return [(s.kind, s.goods.sku, s.source.bin, s.target.bin) for s in found]


@pytest.fixture
def floor():
    """Zone A at 90 % near dispatch, zone B at 60 % behind it: ten bins of 100 each."""
    places = [*bins("A", 10, distance=0), *bins("B", 10, distance=100)]
    lying = [
        *(goods(f"A{n}", f"fast{n}", 60, abc="A", issues=D(100 + n)) for n in range(1, 11)),
        *(goods(f"A{n}", f"slow{n}", 30, abc="C", issues=D(n)) for n in range(1, 11)),
        *(goods(f"B{n}", f"other{n}", 60, abc="B") for n in range(1, 11)),
    ]
    return places, lying


def test_crowded_zone_is_relieved_into_one_with_room(floor):
    """A at 90 %, B at 60 %: A's slowest go to B until A is at 80 %, and B stays below that."""
    found = suggest(*floor)
    assert [s.goods.sku for s in found] == ["slow1", "slow2", "slow3", "slow4"]
    assert {s.kind for s in found} == {"slow_mover_out"}
    assert (found[0].from_occupancy, found[0].to_occupancy) == (90, 60)
    assert (found[-1].from_afterwards, found[-1].to_afterwards) == (78, 72)
    assert {s.target.zone for s in found} == {"B"}


def test_free_bins_make_room_too(floor):
    """B at 70 % has room all the same when 30 % of its bins are free."""
    places, lying = floor
    kept = [one for one in lying if one.bin[0] == "A"]
    packed = [goods(f"B{n}", f"other{n}", 100, abc="B") for n in range(1, 8)]
    found = suggest(places, kept + packed)
    assert brief(found)[0] == ("slow_mover_out", "slow1", "A1", "B10")
    assert found[-1].to_afterwards <= 80
    assert suggest(places, [*kept, *packed, goods("B8", "more", 1)]) == []


def test_zone_below_the_limit_is_left_alone(floor):
    """89 % is not crowded."""
    places, lying = floor
    assert suggest(places, lying[1:]) == []


def test_receiving_zone_does_not_pass_the_target(floor):
    """What would bring B above 80 % stays."""
    places, lying = floor
    aims = Aims(target=D(62), roomy=D(60))
    found = suggest(places, lying, aims)
    assert all(s.to_afterwards <= 62 for s in found)
    assert not found


def test_every_limit_of_the_target_bin_holds(floor):
    """Volume and weight too; a size that nobody knows fits no limit."""
    places, lying = floor
    light = [Place("C1", "C", (D(500), D(1), D(50)), 99.0)]
    places = places[:10] + light
    sizes = {"slow1": (D("0.1"), D(1)), "slow2": (D("0.01"), D(2)), "slow3": (D("0.01"), None)}
    lying = [
        Goods(one.bin, one.sku, one.quantity, volume=size[0], weight=size[1], abc=one.abc,
              issues=one.issues)
        for one in lying[:20]
        for size in [sizes.get(one.sku, (D("0.001"), D("0.5")))]
    ]  # fmt: skip
    assert brief(suggest(places, lying)) == [
        ("slow_mover_out", "slow4", "A4", "C1"), ("slow_mover_out", "slow5", "A5", "C1")
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["fragile", "high_value", "bonded"])
def test_goods_that_need_care_stay_among_their_kind(floor, kind):
    """They do not go where there are none, and others not to where there are only such."""
    places, lying = floor
    careful = [
        Goods(one.bin, one.sku, one.quantity, abc=one.abc, issues=one.issues,
              **{kind: one.sku.startswith("slow")})
        for one in lying
    ]  # fmt: skip
    assert suggest(places, careful) == []
    reserved = [
        Goods(one.bin, one.sku, one.quantity, abc=one.abc, issues=one.issues,
              **{kind: one.bin[0] == "B"})
        for one in lying
    ]  # fmt: skip
    assert suggest(places, reserved) == []


def test_zone_of_other_categories_is_a_caution(floor):
    """A zone that holds the category comes first; another is named as a caution."""
    places, lying = floor
    named = [
        Goods(one.bin, one.sku, one.quantity, abc=one.abc, issues=one.issues,
              category="food" if one.bin[0] == "A" else "toys")
        for one in lying
    ]  # fmt: skip
    assert {s.cautions for s in suggest(places, named)} == {("new_category",)}
    more = [*places, *bins("C", 10, distance=50)]
    known = [*named, *(goods(f"C{n}", f"c{n}", 60, category="food", abc="B") for n in range(1, 11))]
    found = suggest(more, known)
    assert {(s.target.zone, s.cautions) for s in found} == {("C", ())}


def test_bin_takes_no_second_lot(floor):
    """Two lots of a SKU in one bin would be picked in any order."""
    places, lying = floor
    lots = [goods(f"B{n}", "slow1", 1, lot="L", abc="C") for n in range(1, 11)]
    found = suggest(places, [*lying, *lots])
    assert "slow1" not in {s.goods.sku for s in found}


def test_no_lot_goes_behind_a_later_one():
    """Of a slow SKU the lot that expires last leaves first, to the back; if it stays, all stay."""
    places = [*bins("A", 2, distance=0), *bins("B", 4, distance=100)]
    lying = [
        goods("A1", "s", 45, lot="early", expires_on=date(2026, 1, 1), abc="C"),
        goods("A2", "s", 45, lot="late", expires_on=date(2026, 2, 1), abc="C"),
        goods("A1", "f", 45, abc="A"),
        goods("A2", "g", 45, abc="A"),
    ]
    found = suggest(places, lying, Aims(target=D(50)))
    assert [(s.goods.lot, s.target.bin) for s in found] == [("late", "B4"), ("early", "B3")]
    fixed = [*lying[:1], goods("A2", "s", 45, lot="late", sellable=False), *lying[2:]]
    assert [s.goods.lot for s in suggest(places, fixed)] == ["early"]
    # The late lot fits nowhere, so that the early one must not go either.
    small = [*places[:2], *bins("B", 4, limit=44, distance=100)]
    shorter = [goods("A1", "s", 40, lot="early", expires_on=date(2026, 1, 1), abc="C"), *lying[1:]]
    assert suggest(small, shorter, Aims(crowded=D(85), target=D(70))) == []


def test_fast_movers_come_nearer():
    """A class-A SKU far off goes to the nearest free bin that is much nearer, the fastest first."""
    places = [*bins("A", 3, distance=0), *bins("B", 3, distance=50)]
    lying = [
        goods("A1", "x", 10, abc="B"),
        goods("B1", "second", 10, abc="A", issues=D(5)),
        goods("B2", "first", 10, abc="A", issues=D(9)),
        goods("B3", "third", 10, abc="A", issues=D(1)),
    ]
    assert brief(suggest(places, lying)) == [
        ("fast_mover_in", "first", "B2", "A2"), ("fast_mover_in", "second", "B1", "A3")
    ]  # fmt: skip


def test_fast_mover_stays_where_little_is_won():
    """A way that is shorter by less than three tenths is not worth the work."""
    places = [Place("A1", "A", (D(100), None, None), 8.0), Place("A2", "A", (D(100),) * 3, 10.0)]
    assert suggest(places, [goods("A2", "s", 1, abc="A")]) == []


def test_lot_that_expires_first_comes_near():
    """Of a fast SKU only the lot that is to be picked first is moved."""
    places = [*bins("A", 1, distance=0), *bins("B", 2, distance=50)]
    lying = [
        goods("B1", "s", 1, lot="late", expires_on=date(2026, 2, 1), abc="A"),
        goods("B2", "s", 1, lot="early", expires_on=date(2026, 1, 1), abc="A"),
    ]
    assert [(s.goods.lot, s.target.bin) for s in suggest(places, lying)] == [("early", "A1")]


def test_closed_unlimited_and_zoneless_bins_take_nothing():
    """Nobody said how much fits there, or that anything may be put there."""
    places = [
        Place("R1", "R", distance=1.0), Place("N1", None, (D(100), None, None), 1.0),
        *bins("A", 1, distance=1, active=False), *bins("B", 1, distance=50),
    ]  # fmt: skip
    assert suggest(places, [goods("B1", "s", 1, abc="A")]) == []


cells = st.lists(
    st.tuples(
        st.sampled_from(["A1", "A2", "A3", "B1", "B2", "B3", "C1", "Z"]),
        st.sampled_from(["s1", "s2", "s3", "s4"]),
        st.sampled_from(["", "L1", "L2"]),
        st.integers(-5, 60),
        st.booleans(),
        st.integers(0, 3),
    ),
    unique_by=lambda cell: cell[:3],
    max_size=24,
)


@given(cells, st.integers(20, 95))
def test_no_plan_breaks_a_rule(drawn, crowded):
    """Followed to the end, a plan overfills no bin or zone, mixes no lots, moves nothing twice."""
    places = [*bins("A", 3), *bins("B", 3, distance=90), *bins("C", 1, limit=40, distance=1)]
    lying = [
        goods(name, sku, quantity, lot=lot, fragile=fragile, issues=D(issues),
              abc="A" if sku == "s4" else None)
        for name, sku, lot, quantity, fragile, issues in drawn
    ]  # fmt: skip
    found = suggest(places, lying, Aims(crowded=D(crowded), target=D(crowded - 10)))
    assert found == suggest(places[::-1], lying[::-1], Aims(D(crowded), D(crowded - 10)))
    held = defaultdict(dict)
    for one in lying:
        held[one.bin][one.sku, one.lot] = one.quantity
    for s in found:
        lots = held[s.target.bin]
        assert not [sku for sku, lot in lots if sku == s.goods.sku and lot != s.goods.lot]
        moved = held[s.source.bin].pop((s.goods.sku, s.goods.lot))
        assert moved == s.goods.quantity > 0
        lots[s.goods.sku, s.goods.lot] = lots.get((s.goods.sku, s.goods.lot), 0) + moved
        assert sum(lots.values()) <= s.target.limits[0]
        assert s.to_afterwards < crowded or s.source.zone == s.target.zone
