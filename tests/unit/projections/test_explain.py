"""One record in the auditor's own language."""

import pytest

from hub.projections.audit_event import AuditRecord, explain

RECORD = AuditRecord(
    id="a1",
    recorded="2026-11-20T01:31:02.123Z",
    request_id="r1",
    interaction="create",
    outcome="0",
    reason="",
    rules=(),
    purpose="TREAT",
    organisation="pharm",
    organisation_name="ゆきみ薬局",
    system=None,
    person="ph-yamada",
    person_name="山田 花子",
    profession="pharmacist",
    token="",
    patient="p1",
    what=("MedicationDispense/d1/_history/1",),
    query="",
    address="192.0.2.1",
    site="https://hub.example.jp",
)
WHO = "2026-11-20 10:31 ゆきみ薬局の薬剤師 山田 花子 が "
THREE = ("Condition/x/_history/1", "Goal/g/_history/1", "Goal/h/_history/1")
STRANGER = RECORD._replace(person=None, organisation_name="", interaction="token")
REFUSED = RECORD._replace(interaction="search-type", outcome="8", reason="no-consent", what=(), query="Observation?x=1")


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (RECORD, WHO + "調剤 を登録しました"),
        (RECORD._replace(category="acp"), WHO + "人生の最終段階の希望 を登録しました"),
        (RECORD._replace(interaction="update"), WHO + "調剤 を修正しました"),
        (RECORD._replace(interaction="delete"), WHO + "調剤 を削除しました"),
        (RECORD._replace(interaction="operation:handoff", what=THREE), WHO + "入院時情報提供書 を作りました"),
        (RECORD._replace(interaction="operation:everything", what=THREE), WHO + "記録のすべて を閲覧しました"),
        (RECORD._replace(interaction="operation:match", what=()), WHO + "同じかもしれない方 を探しました"),
        (RECORD._replace(interaction="operation:expand", what=()), WHO + "コードの一覧 を調べました"),
        (
            RECORD._replace(interaction="operation:export", what=(), query="Patient/$export", person=None, system="rx"),
            "2026-11-20 10:31 ゆきみ薬局のシステム「rx」 が 情報の書き出しを始めました",
        ),
        (
            RECORD._replace(interaction="operation:export-file", what=("Observation?versions=1,2",)),
            WHO + "検査・測定値 を書き出しました",
        ),
        (RECORD._replace(interaction="page"), WHO + "調剤 を閲覧しました"),
        (RECORD._replace(interaction="feed", what=THREE), WHO + "病名・目標 を閲覧しました"),
        (RECORD._replace(interaction="page", what=()), WHO + "情報 を閲覧しました"),
        (REFUSED, WHO + "検査・測定値 を閲覧しようとしましたが、同意がないため表示しませんでした（no-consent）"),
        (
            RECORD._replace(outcome="8", reason="scope"),
            WHO + "調剤 を登録しようとしましたが、システムに許された範囲を超えるため受け付けませんでした（scope）",
        ),
        (
            RECORD._replace(outcome="4", reason="invalid"),
            WHO + "調剤 を登録しようとしましたが、処理できなかったため受け付けませんでした（invalid）",
        ),
        (RECORD._replace(interaction="sign-in", what=()), WHO + "サインインしました"),
        (
            RECORD._replace(person=None, system="pharm-rececon", interaction="ingest"),
            "2026-11-20 10:31 ゆきみ薬局のシステム「pharm-rececon」 が 調剤 を登録しました",
        ),
        (
            STRANGER._replace(outcome="8", reason="invalid_client"),
            "2026-11-20 10:31 所属不明 が "
            "接続の許可を求めましたが、処理できなかったため許可しませんでした（invalid_client）",
        ),
    ],
)
def test_sentence(record: AuditRecord, sentence: str) -> None:
    assert explain(record) == sentence


def test_whose_and_by_which_rule_are_said_by_the_reader() -> None:
    assert explain(RECORD, patient="髙橋 ハナ 様", rule="自分の機関の情報です") == (
        WHO + "髙橋 ハナ 様の調剤 を登録しました。自分の機関の情報です"
    )
    assert explain(REFUSED, patient="髙橋 ハナ 様", rule="医療の共有に同意がありません") == (
        WHO + "髙橋 ハナ 様の検査・測定値 を閲覧しようとしましたが、同意がないため表示しませんでした（no-consent）。"
        "医療の共有に同意がありません"
    )


def test_the_patient_is_never_named_unless_the_reader_names_them() -> None:
    assert "p1" not in explain(RECORD)
