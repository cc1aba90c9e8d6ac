from connectors.transaction import by_identifier, create, transaction, update, uuid_url
from profiles import Resource

PATIENT: Resource = {"resourceType": "Patient"}


def test_entries_say_what_the_hub_shall_do() -> None:
    assert transaction([create(PATIENT, "urn:uuid:1"), update(PATIENT, "urn:uuid:2", "http://a.example", "x")]) == {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": PATIENT, "request": {"method": "POST", "url": "Patient"}},
            {
                "fullUrl": "urn:uuid:2",
                "resource": PATIENT,
                "request": {"method": "PUT", "url": "Patient?identifier=http://a.example|x"},
            },
        ],
    }


def test_nothing_to_do_is_a_bundle_without_entry() -> None:
    assert transaction([]) == {"resourceType": "Bundle", "type": "transaction"}


def test_create_unless_it_exists() -> None:
    entry = create(PATIENT, "urn:uuid:1", if_none_exist="identifier=a|b")
    assert entry["request"] == {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=a|b"}


def test_signs_of_a_search_are_escaped_in_an_identifier() -> None:
    assert by_identifier("http://a.example/no", "1^2|3,4$5\\6 &雪") == (
        r"identifier=http://a.example/no|1%5E2%5C%7C3%5C%2C4%5C%245%5C%5C6%20%26%E9%9B%AA"
    )


def test_the_same_words_give_the_same_url() -> None:
    assert uuid_url("a", "b") == uuid_url("a", "b") != uuid_url("a b")
