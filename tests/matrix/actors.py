"""The kinds of those who knock: one column of the matrix each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """``who`` asks at doors for programs (a system, or a person with a token), ``role`` signs in at the pages.

    Whoever has no ``role`` shows the token there.  ``about`` is the resident whom the questions are about, ``told``
    what the page says of them.
    """

    id: str
    ja: str
    told: str
    who: str = ""
    role: str = ""
    about: str = "team"

    @property
    def is_known(self) -> bool:
        """Whether the hub knows who it is."""
        return bool(self.who)


def _clinic(id_: str, ja: str, told: str) -> Actor:
    """The clinic, and its physician: one organisation, asking about somebody to whom it stands in another way."""
    return Actor(id_, ja, told, "clinic-emr", "dr-hayashi/clinic/physician", id_)


def _official(id_: str, ja: str, told: str, person: str, profession: str = "") -> Actor:
    return Actor(id_, ja, told, person, f"{person}/city/{profession or id_}")


ACTORS = (
    Actor("anonymous", "名のらない人", "トークンもサインインもない"),
    Actor("expired", "期限の切れた鍵", "きのうまでのトークン、きのうまでのサインイン"),
    Actor("crossed", "取りちがえた鍵", "ページのサインインで API を、API のトークンでページを"),
    Actor(
        "hospital",
        "病院",
        "ほとんどのものを出した機関。API は病院のシステム、ページは医師",
        "hosp-ehr",
        "dr-sato/hosp/physician",
    ),
    Actor("team-system", "チームのシステム", "支援チームにいて、同意のある診療所のシステム", "clinic-emr"),
    Actor("team-person", "チームの医師", "その診療所の医師", "dr-hayashi", "dr-hayashi/clinic/physician"),
    Actor(
        "care-manager",
        "ケアマネジャー",
        "支援チームの居宅介護支援の人。「支援」の場だけを読む",
        "cm-ito",
        "cm-ito/kyotaku/care-manager",
    ),
    Actor(
        "care-worker",
        "介護職員",
        "支援チームのデイサービスの人。「支援」の場だけを読む",
        "cw-suzuki",
        "cw-suzuki/day/care-worker",
    ),
    Actor(
        "sender", "送るだけのシステム", "支援チームの薬局のシステム。職種の登録がなく、ほかのものは読まない", "pharm-rx"
    ),
    _clinic("apart", "担当でない機関", "支援チームにいない診療所（同意はある）"),
    _clinic("revoked", "取り消された機関", "支援チームにいるが、同意が取り消された診療所"),
    _clinic("pending", "確かめ待ちの機関", "はじめての連絡をした診療所"),
    Actor("city-system", "市の登録システム", "市の住民の登録のシステム", "city-registry"),
    _official("secretariat", "事務局", "市の事務局の人", "sec-noda"),
    _official("consent-desk", "同意受付", "市の同意受付の人", "cd-mori"),
    _official("officer", "責任者", "市の責任者", "off-murata", "municipal-officer"),
    _official("auditor", "監査担当者", "市の監査担当者", "aud-kondo"),
    _official("care-staff", "市のケア担当", "市の職員で、ケアにあたる人", "mc-kudo", "municipal-care-staff"),
    Actor("left", "辞めた人", "役割の終わった人の、まだ切れていないトークン", "cw-left"),
    Actor("paramedic", "救急（宣言なし）", "救急救命士", "pm-oki", "pm-oki/fire/paramedic"),
    Actor(
        "emergency",
        "救急（宣言中）",
        "その方への緊急アクセスを宣言した救急救命士",
        "pm-hori",
        "pm-hori/fire/paramedic",
        "urgent",
    ),
    Actor(
        "helper",
        "災害の支援者",
        "災害の宣言で支援する機関の人。その方は地域にお住まい",
        "cm-ueda",
        "cm-ueda/tonari/care-manager",
        "area",
    ),
)
BY_ID = {one.id: one for one in ACTORS}
