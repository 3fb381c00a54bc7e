import pytest

ARN = "arn:aws:sqs:eu-west-1:123456789012:listings"
SCOPE = "sellingpartnerapi::notifications"
DESTINATIONS = "/notifications/v1/destinations"
STATUS = "/notifications/v1/subscriptions/LISTINGS_ITEM_STATUS_CHANGE"


@pytest.fixture
def grantless(amazon):
    """Headers of a token of the application itself."""
    answer = amazon.token(grant_type="client_credentials", scope=SCOPE).json()
    return {"x-amz-access-token": answer["access_token"]}


@pytest.fixture
def destination(amazon, grantless):
    body = {"name": "queue", "resourceSpecification": {"sqs": {"arn": ARN}}}
    return amazon.call("POST", DESTINATIONS, body, headers=grantless).json()["payload"]


def subscribe(amazon, destination, version="1.0"):
    body = {"payloadVersion": version, "destinationId": destination["destinationId"]}
    return amazon.call("POST", STATUS, body)


def test_a_partner_subscribes_and_the_application_unsubscribes(amazon, grantless, destination):
    made = subscribe(amazon, destination).json()["payload"]
    assert amazon.call("GET", STATUS).json()["payload"] == made
    one = f"{STATUS}/{made['subscriptionId']}"
    assert amazon.call("GET", one, headers=grantless).json()["payload"] == made
    assert amazon.call("DELETE", one, headers=grantless).status_code == 200
    assert amazon.call("GET", STATUS).status_code == 404
    assert amazon.call("GET", one, headers=grantless).status_code == 404


def test_a_type_is_subscribed_to_once_and_in_a_version_that_it_has(amazon, destination):
    assert subscribe(amazon, destination, "2023-12-13").status_code == 400
    assert subscribe(amazon, {"destinationId": {"a": 1}}).status_code == 400
    assert subscribe(amazon, destination).status_code == 200
    assert subscribe(amazon, destination).status_code == 409


def test_destinations_come_and_go(amazon, grantless, destination):
    one = f"{DESTINATIONS}/{destination['destinationId']}"
    assert destination["resource"] == {"sqs": {"arn": ARN}}
    assert amazon.call("GET", DESTINATIONS, headers=grantless).json()["payload"] == [destination]
    subscribe(amazon, destination)
    assert amazon.call("DELETE", one, headers=grantless).status_code == 409
    made = amazon.call("GET", STATUS).json()["payload"]
    amazon.call("DELETE", f"{STATUS}/{made['subscriptionId']}", headers=grantless)
    assert amazon.call("DELETE", one, headers=grantless).status_code == 200
    assert amazon.call("GET", one, headers=grantless).status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [None, {}, {"sqs": {}}, {"sqs": {"arn": "queue"}}, {"eventBridge": {"region": "eu-west-1"}}, ["sqs"]],
)
def test_a_resource_is_a_queue_or_an_event_source(amazon, grantless, wanted):
    body = {"name": "queue", "resourceSpecification": wanted}
    assert amazon.call("POST", DESTINATIONS, body, headers=grantless).status_code == 400


def test_each_operation_asks_for_its_kind_of_token(amazon, grantless):
    assert amazon.call("GET", DESTINATIONS).status_code == 403
    assert amazon.call("GET", STATUS, headers=grantless).status_code == 403
    assert amazon.item("GET", "S1").status_code == 404
    path = f"/listings/2021-08-01/items/{amazon.seller}/S1"
    assert amazon.call("GET", path, headers=grantless, marketplaceIds="A13V1IB3VIYZZH").status_code == 403


def test_a_secret_is_rotated_where_a_queue_is_registered(amazon, frozen):
    scope = "sellingpartnerapi::client_credential:rotation"
    token = amazon.token(grant_type="client_credentials", scope=scope).json()["access_token"]
    rotate = ("POST", "/applications/2023-11-30/clientSecret", None, {"x-amz-access-token": token})
    refused = amazon.call(*rotate)
    assert refused.status_code == 400
    assert "not enrolled for rotation" in refused.json()["errors"][0]["message"]
    frozen.control("rotation")
    answer = amazon.call(*rotate)
    assert (answer.status_code, answer.text) == (204, "")
    (secret,) = frozen.control("rotation")["sent"]
    assert amazon.token(client_secret=secret).status_code == 200
    assert amazon.token().status_code == 200, "the old one lives for seven days"


def test_subscriptions_are_listed_by_their_type(amazon, destination):
    of_type = "/notifications/v1/subscriptions?notificationTypes=LISTINGS_ITEM_STATUS_CHANGE"
    assert amazon.call("GET", of_type).json()["payload"] == {"subscriptions": []}
    made = subscribe(amazon, destination).json()["payload"]
    assert amazon.call("GET", of_type).json()["payload"] == {"subscriptions": [made]}
    assert amazon.call("GET", of_type + "&pageSize=29").status_code == 400
    assert amazon.call("GET", "/notifications/v1/subscriptions").status_code == 400


def test_a_test_notification_names_a_destination_a_version_and_a_scenario(amazon, grantless, destination):
    wanted = {"payloadVersion": "1.0", "testScenario": "BUYABLE"}
    asked = {"destinationId": destination["destinationId"], "testNotification": wanted}
    test = f"{STATUS}/testNotification"
    assert amazon.call("POST", test, asked, headers=grantless).status_code == 200
    assert amazon.call("POST", test, asked).status_code == 403, "it takes a token of the application"
    for wrong in (
        asked | {"destinationId": {"a": 1}},
        asked | {"destinationId": ["x"]},
        asked | {"destinationId": "x"},
        asked | {"testNotification": {"payloadVersion": "1.0"}},
        {},
    ):
        assert amazon.call("POST", test, wrong, headers=grantless).status_code == 400
