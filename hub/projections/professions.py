"""The professions of DESIGN §1, as people call them."""

PROFESSIONS = {
    "physician": "医師", "dentist": "歯科医師", "pharmacist": "薬剤師", "nurse": "看護師",
    "public-health-nurse": "保健師", "physical-therapist": "理学療法士", "occupational-therapist": "作業療法士",
    "speech-therapist": "言語聴覚士", "dietitian": "管理栄養士", "dental-hygienist": "歯科衛生士",
    "medical-social-worker": "医療ソーシャルワーカー", "social-worker": "社会福祉士",
    "care-manager": "介護支援専門員", "care-worker": "介護職員", "paramedic": "救急隊員", "clerk": "事務職員",
    "coordinator": "連携担当者", "secretariat": "事務局職員", "consent-desk": "同意受付担当者",
    "municipal-care-staff": "市の介護担当職員", "municipal-officer": "市の責任者", "auditor": "監査担当者",
}  # fmt: skip
