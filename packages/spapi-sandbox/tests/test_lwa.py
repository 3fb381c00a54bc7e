import pytest
import requests

NAMES = ("client_id", "client_secret", "refresh_token")


def test_a_token_as_form_or_json(frozen, amazon):
    asked = {"grant_type": "refresh_token"} | {name: getattr(frozen, name) for name in NAMES}
    for answer in (amazon.token(), requests.post(frozen.token_url, json=asked, timeout=10)):
        assert answer.status_code == 200
        answer_body = answer.json()
        assert (answer_body["token_type"], answer_body["expires_in"]) == ("bearer", 3600)
        assert answer_body["refresh_token"] == frozen.refresh_token


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "amzn1.application-oa2-client.other"}, 401, "invalid_client"),
        ({"refresh_token": "Atzr|nobody"}, 400, "invalid_grant"),
        ({"refresh_token": "Atzr|sandbox-foreign"}, 400, "unauthorized_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "all"}, 400, "invalid_scope"),
        ({"refresh_token": ""}, 400, "invalid_request"),
    ],
)
def test_refusals(amazon, changes, status, error):
    answer = amazon.token(**changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


def test_json_sent_as_a_form_is_not_understood(frozen, amazon):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = requests.post(
        frozen.token_url, data='{"grant_type": "refresh_token"}', headers=headers, timeout=10
    )
    assert answer.json()["error"] == "unsupported_grant_type"


def refusal(amazon):
    answer = amazon.item("GET", "S1")
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "Unauthorized"
    return answer.json()["errors"][0]["details"]


def test_tokens_expire(frozen, amazon):
    frozen.advance(3599)
    assert amazon.item("GET", "S1").status_code == 404
    frozen.advance(2)
    assert refusal(amazon) == "The access token you provided has expired."
    amazon.sign_in()
    assert amazon.item("GET", "S1").status_code == 404


def test_a_revoked_grant(frozen, amazon):
    frozen.control("revoke")
    assert "revoked" in refusal(amazon)
    assert amazon.token().json()["error"] == "invalid_grant"
    frozen.control("revoke", restore=True)
    assert amazon.token().status_code == 200


def test_secrets_rotate_and_expire(frozen, amazon):
    frozen.control("secret", rotate="amzn1.oa2-cs.v1.new")
    assert amazon.token().status_code == 200
    assert amazon.token(client_secret="amzn1.oa2-cs.v1.new").status_code == 200
    frozen.advance(7 * 24 * 3600 + 1)
    assert amazon.token().json()["error"] == "invalid_client"
    amazon.sign_in(client_secret="amzn1.oa2-cs.v1.new")
    frozen.control("secret", expire=True)
    assert refusal(amazon) == "The LWA secret token you provided has expired."
    frozen.control("secret", rotate="amzn1.oa2-cs.v1.newer")
    amazon.sign_in(client_secret="amzn1.oa2-cs.v1.newer")
    assert amazon.item("GET", "S1").status_code == 404
    frozen.control("secret", expire="amzn1.oa2-cs.v1.new")
    assert amazon.item("GET", "S1").status_code == 404


def test_forgotten_access_tokens_are_refused_and_replaced(frozen, amazon):
    frozen.control("tokens", forget=True)
    assert "invalid" in refusal(amazon)
    amazon.sign_in()
    assert amazon.item("GET", "S1").status_code == 404


def test_a_grant_reaches_only_its_accounts(amazon):
    amazon.sign_in(refresh_token="Atzr|sandbox-vendor")
    answer = amazon.item("GET", "S1")
    assert answer.status_code == 400
    assert (
        answer.json()["errors"][0]["message"]
        == "Invalid 'sellerId' and 'marketplaceId' combination provided."
    )
    assert amazon.call("GET", "/sellers/v1/marketplaceParticipations").status_code == 403
