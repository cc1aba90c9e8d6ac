"""The commands of ``renkei`` as an operator types them."""

import json
import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.cli.main import app, main
from hub.demo.keys import make_keys
from tests.hub_in_test import SMALL, patient

ROOT = Path(__file__).parents[2]
SYSTEMS = ["city-registry", "hosp-ehr", "clinic-emr", "pharm-rx", "care-plan-app", "day-app"]


def renkei(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    make_keys(tmp_path / "keys-of-systems", SYSTEMS)
    return tmp_path / "keys-of-systems"


def test_city_apply_shows_the_difference_and_puts_it_in_force_once(tmp_path: Path, keys: Path) -> None:
    arguments = ("city", "apply", SMALL / "city.toml", "--data", tmp_path / "var", "--keys", keys)
    dry = renkei(*arguments, "--dry-run")
    assert "+ organisation hosp" in dry.output
    assert "Applied" not in dry.output
    assert "Applied" in renkei(*arguments).output
    assert renkei(*arguments).output == "Nothing changes.\n"


def test_a_changed_role_shows_as_one_line(tmp_path: Path, keys: Path) -> None:
    (tmp_path / "share-matrix.csv").write_bytes((SMALL / "share-matrix.csv").read_bytes())
    file = tmp_path / "city.toml"
    text = (SMALL / "city.toml").read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    renkei("city", "apply", file, "--data", tmp_path / "var", "--keys", keys)
    file.write_text(text.replace('name = "試験薬局"', 'name = "試験中央薬局"'), encoding="utf-8")
    result = renkei("city", "apply", file, "--data", tmp_path / "var", "--keys", keys, "--dry-run")
    assert result.output == "~ organisation pharm: name\n"


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            'kind = "pharmacy"\nidentifiers',
            'kind = "drugstore"\nidentifiers',
            "organisation pharm: the kind 'drugstore'",
        ),
        ('profession = "auditor"', 'profession = "spy"', "person aud-kondo: the profession 'spy'"),
        (
            'organisation = "day"\nscopes',
            'organisation = "night"\nscopes',
            "system day-app: there is no organisation 'night'",
        ),
        ("system/Communication.c", "system/Communication.everything", "system day-app"),
        ("keys/hosp-ehr.jwks.json", "keys/nobody.jwks.json", "its key file keys/nobody.jwks.json is not there"),
        ('spaces = ["team"]', 'spaces = ["everywhere"]', "policy.read, row 2"),
        ('id = "clinic"\n', 'id = "hosp"\n', "organisation hosp is there twice"),
        ("[policy]", "[policy", "is not TOML"),
        ('"auditor", from = 2020', '"auditor", from = 2999', "nobody is auditor of the municipality"),
    ],
)
def test_a_wrong_city_file_is_refused_with_its_place(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    right: str, wrong: str, said: str,
) -> None:  # fmt: skip
    text = (SMALL / "city.toml").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "city.toml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    (tmp_path / "share-matrix.csv").write_bytes((SMALL / "share-matrix.csv").read_bytes())
    arguments = [
        "renkei",
        "city",
        "apply",
        str(tmp_path / "city.toml"),
        "--data",
        str(tmp_path / "var"),
        "--keys",
        str(keys),
    ]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert said in capsys.readouterr().err


def test_token_is_printed_for_a_system_and_for_a_person(tmp_path: Path, keys: Path) -> None:
    renkei("city", "apply", SMALL / "city.toml", "--data", tmp_path / "var", "--keys", keys)
    for arguments in (("token", "hosp-ehr"), ("token", "--person", "cm-ito", "--organisation", "kyotaku")):
        result = renkei(*arguments, "--data", tmp_path / "var")
        assert result.exit_code == 0
        assert len(result.output.strip()) >= 43
    refused = renkei("token", "nobody", "--data", tmp_path / "var")
    assert "There is no system 'nobody'" in str(refused.exception)


def test_serve_refuses_a_store_without_a_city_and_the_demo_sign_in_off_loopback(tmp_path: Path, keys: Path) -> None:
    empty = renkei("serve", "--data", tmp_path / "empty", "--port", "0")
    assert "No city file is in force" in str(empty.exception)
    renkei("city", "apply", SMALL / "city.toml", "--data", tmp_path / "var", "--keys", keys)
    opened = renkei("serve", "--data", tmp_path / "var", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - refused
    assert "demo sign-in" in str(opened.exception)
    demo = renkei("demo", "--data", tmp_path / "demo", "--host", "0.0.0.0")  # noqa: S104 - refused
    assert "loopback" in str(demo.exception)


def test_behind_a_proxy_the_loopback_address_is_reached_by_others(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renkei("city", "apply", SMALL / "city.toml", "--data", tmp_path / "var", "--keys", keys)
    monkeypatch.setenv("RENKEI_BEHIND_PROXY", "true")
    for words in (["serve"], ["serve", "--restored"], ["demo"]):
        refused = renkei(*words, "--data", tmp_path / "var", "--port", "0")
        assert "not on 127.0.0.1 behind a proxy" in str(refused.exception) or "demo sign-in" in str(refused.exception)
        assert "loopback" in str(refused.exception)
        assert "RENKEI_BEHIND_PROXY" in str(refused.exception)


def test_the_store_is_not_opened_when_others_may_read_its_key(tmp_path: Path, keys: Path) -> None:
    renkei("city", "apply", SMALL / "city.toml", "--data", tmp_path / "var", "--keys", keys)
    key = tmp_path / "var" / "hub.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    os.chmod(key, 0o644)
    assert "chmod 600" in str(renkei("db", "migrate", "--data", tmp_path / "var").exception)


def test_convert_prints_the_bundle_and_reports_what_it_did_not_map() -> None:
    sample = sorted((ROOT / "connectors" / "jahis" / "samples").glob("*.txt"))[0]
    result = renkei("convert", "jahis", sample)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["type"] == "transaction"
    assert "not mapped" in result.stderr


def test_convert_says_where_a_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "damaged.txt").write_bytes("JAHISTC08,1\r\n1,山田 花子,2,19400501\r\n999,?\r\n".encode("cp932"))
    assert "line 3" in str(renkei("convert", "jahis", tmp_path / "damaged.txt").exception)
    assert "cannot be read" in str(renkei("convert", "jahis", tmp_path / "missing.txt").exception)


def test_validate_prints_every_finding_and_fails_on_an_error(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(patient()), encoding="utf-8")
    bad.write_text(json.dumps({**patient(), "gender": "lady", "birthDate": "1940-13-01"}), encoding="utf-8")
    assert renkei("validate", good).exit_code == 0
    result = renkei("validate", bad)
    assert result.exit_code == 1
    assert "Patient.gender" in result.output
    assert "Patient.birthDate" in result.output


def test_push_says_that_the_hub_does_not_answer(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"JAHISTC08,1\r\n")
    result = renkei("push", "jahis", tmp_path / "a.txt", "--to", "http://127.0.0.1:9", "--token", "t")
    assert "does not answer" in str(result.exception)
