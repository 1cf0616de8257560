"""Claims on parts: one process makes each, and what a dead one has left is taken over."""

import subprocess
import sys
import time

import pytest

from vlminterp.errors import ConfigError
from vlminterp.results.claims import Claim, Claims
from vlminterp.results.shard import Shard

HOLD = """
import sys, time
from pathlib import Path
from vlminterp.results.claims import Claims
claims = Claims(Path(sys.argv[1]))
print(*(claims.take("rows", int(number)) for number in sys.argv[2:]), flush=True)
time.sleep(60)
"""


@pytest.fixture
def hold(tmp_path):
    """Starts a process that claims parts and then sleeps; returns it when it has them."""
    started = []

    def start(*numbers):
        line = [sys.executable, "-c", HOLD, str(tmp_path / "claims"), *map(str, numbers)]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, process.stdout.readline().split()

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def claims(tmp_path):
    found = Claims(tmp_path / "claims")
    yield found
    found.close()


def listed(count):
    """Parts of nothing."""
    return ((number, None) for number in range(count))


def test_a_part_has_one_owner_until_that_one_dies(claims, hold):
    process, taken = hold(0, 70_000)
    assert taken == ["True", "True"]
    assert [claims.take("rows", number) for number in (0, 1, 70_000)] == [False, True, False]
    assert hold(1, 2)[1] == ["False", "True"]
    process.kill()
    process.wait()
    assert claims.take("rows", 0)
    assert claims.take("rows", 70_000)


def test_tables_have_claims_of_their_own(claims, hold):
    hold(0)
    assert not claims.take("rows", 0)
    assert claims.take("pool", 0)


def test_a_released_part_is_free(claims, hold):
    assert claims.take("rows", 3)
    claims.release("rows", 3)
    assert hold(3)[1] == ["True"]


def test_a_part_that_was_made_while_it_was_claimed_is_not_made_again(claims):
    answers = iter([False, True])
    with claims.claimed("rows", 0, lambda number: next(answers)) as claim:
        assert claim is Claim.made


def test_parts_of_a_process_that_dies_are_taken_over(claims, hold):
    process, _ = hold(1, 2)
    made = set()
    for number, _ in claims.shared_out("rows", lambda: listed(4), made.__contains__):
        made.add(number)
        if made == {0, 3}:
            process.kill()
            process.wait()
    assert made == {0, 1, 2, 3}


def test_one_waits_for_parts_that_others_make(claims, hold):
    hold(1)
    began = time.monotonic()

    def made(number):
        return number == 0 or time.monotonic() - began > 0.5

    assert list(claims.shared_out("rows", lambda: listed(2), made)) == []
    assert time.monotonic() - began > 0.5


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"])
def test_what_is_no_shard_is_one_line(text):
    with pytest.raises(ConfigError, match="must be one of 1/N"):
        Shard.parse(text)


def test_shards_have_every_batch_once():
    shards = [Shard.parse(f"{place}/3") for place in (1, 2, 3)]
    assert all(sum(shard.has(number) for shard in shards) == 1 for number in range(10))
