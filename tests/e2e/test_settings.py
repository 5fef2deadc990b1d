from __future__ import annotations

from pathlib import Path

import pytest

from connectors.trouble import Trouble
from flows.settings import Settings, load


def settings(tmp_path, **environ) -> Settings:
    """Load from these variables alone, in a folder without a stack."""
    return load({"WATERLINE_HOME": str(tmp_path), **environ})


def test_nothing_set_gives_the_defaults(tmp_path):
    """An empty environment is a valid one."""
    found = settings(tmp_path)
    assert (found.dsn, found.brokers, found.topic_prefix) == (None, None, "")
    assert (found.lang, found.tz) == ("en", "Asia/Shanghai")
    assert (found.reject_share, found.reject_window) == (0.05, 10_000)
    assert found.forecast_minutes == 10
    assert found.home == tmp_path


def test_an_empty_variable_counts_as_unset(tmp_path):
    """`WATERLINE_TZ=` in an env file means: the default."""
    assert settings(tmp_path, WATERLINE_TZ=" ", WATERLINE_DSN="").tz == "Asia/Shanghai"


def test_a_secret_may_be_in_a_file(tmp_path):
    """A mounted secret is read without its last newline."""
    file = tmp_path / "dsn"
    file.write_text("postgresql://x/y\n")
    assert settings(tmp_path, WATERLINE_DSN_FILE=str(file)).dsn == "postgresql://x/y"


def test_metrics_are_on_the_loopback_elsewhere_or_off(tmp_path):
    """host:port, an IPv6 address in brackets, or off."""
    assert settings(tmp_path).metrics == ("127.0.0.1", 9465)
    assert settings(tmp_path, WATERLINE_METRICS="[::1]:9000").metrics == ("::1", 9000)
    assert settings(tmp_path, WATERLINE_METRICS="off").metrics is None


def test_no_minutes_for_the_forecast_are_allowed(tmp_path):
    """Zero, and parts of a minute."""
    assert settings(tmp_path, WATERLINE_FORECAST_MINUTES="0").forecast_minutes == 0
    assert settings(tmp_path, WATERLINE_FORECAST_MINUTES="2.5").forecast_minutes == 2.5


def test_the_relay_is_as_patient_as_the_environment_says(tmp_path):
    """How long a try takes, how long it pauses, when it gives up."""
    found = settings(tmp_path)
    assert (found.relay_timeout, found.relay_first_retry, found.relay_longest_retry,
            found.relay_give_up_days) == (10, 5, 14_400, 5)  # fmt: skip
    other = settings(tmp_path, WATERLINE_RELAY_TIMEOUT="2.5", WATERLINE_RELAY_GIVE_UP_DAYS="0.5")
    assert (other.relay_timeout, other.relay_give_up_days) == (2.5, 0.5)


@pytest.mark.parametrize("word", ["zh-CN", "zh_CN", "zh", "ZH-cn"])
def test_chinese_has_several_spellings(tmp_path, word):
    """All of them are zh-CN."""
    assert settings(tmp_path, WATERLINE_LANG=word).lang == "zh-CN"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WATERLINE_TZ", "Mars/Olympus"),
        ("WATERLINE_TZ", "/etc/passwd"),
        ("WATERLINE_LANG", "fr"),
        ("WATERLINE_TOPIC_PREFIX", "a b"),
        ("WATERLINE_TOPIC_PREFIX", "x" * 101),
        ("WATERLINE_REJECT_SHARE", "nan"),
        ("WATERLINE_REJECT_SHARE", "0"),
        ("WATERLINE_REJECT_SHARE", "1.1"),
        ("WATERLINE_REJECT_WINDOW", "-5"),
        ("WATERLINE_FORECAST_MINUTES", "-1"),
        ("WATERLINE_FORECAST_MINUTES", "nan"),
        ("WATERLINE_FORECAST_MINUTES", "ten"),
        ("WATERLINE_RELAY_TIMEOUT", "0"),
        ("WATERLINE_RELAY_FIRST_RETRY", "-1"),
        ("WATERLINE_RELAY_LONGEST_RETRY", "a day"),
        ("WATERLINE_RELAY_GIVE_UP_DAYS", "nan"),
        ("WATERLINE_METRICS", "9465"),
        ("WATERLINE_METRICS", "localhost:70000"),
        ("WATERLINE_METRICS", "on"),
        ("WATERLINE_REJECT_WINDOW", "1e4"),
        ("WATERLINE_DSN_FILE", "/nowhere/at/all"),
        ("WATERLINE_BROKERS_FILE", "/"),
    ],
)
def test_a_wrong_value_names_its_variable(tmp_path, name, value):
    """The sentence says which variable to put right."""
    with pytest.raises(Trouble, match=name):
        settings(tmp_path, **{name: value})


def test_a_secret_given_twice_is_refused(tmp_path):
    """Nobody has to guess which one won."""
    with pytest.raises(Trouble, match="both set"):
        settings(tmp_path, WATERLINE_DSN="a", WATERLINE_DSN_FILE="b")


def test_a_missing_database_says_how_to_get_one(tmp_path):
    """The sentence names the command and the variable."""
    with pytest.raises(Trouble, match="`waterline up` or set WATERLINE_DSN"):
        settings(tmp_path).need_dsn()
    with pytest.raises(Trouble, match="waterline up"):
        settings(tmp_path, WATERLINE_LANG="zh-CN").need_brokers()


def test_home_is_absolute(tmp_path, monkeypatch):
    """A relative folder means the same for children that run elsewhere."""
    monkeypatch.chdir(tmp_path)
    assert settings(tmp_path, WATERLINE_HOME="here").home == Path(tmp_path, "here")
