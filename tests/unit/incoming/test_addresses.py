import pytest

from amazon_listings.incoming.addresses import BadAddress, endpoint, link
from amazon_listings.settings import settings


@pytest.fixture
def hosts(monkeypatch):
    monkeypatch.setenv("AMAZON_LISTINGS_HTTP_HOSTS", "sandbox, other")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    "url",
    [
        "https://sellingpartnerapi-eu.amazon.com",
        "http://127.0.0.1:9700",
        "http://localhost",
        "http://[::1]:80",
        "https://sellingpartnerapi-eu.amazon.com.:443/",
        "https://xn--bcher-kva.example",
        "https://sandbox_1.internal",
        "https://[2001:db8::1]",
    ],
)
def test_addresses_of_connections(url):
    assert endpoint(url).host


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "none"),
        ("amazon.com", "none"),
        ("ftp://amazon.com", "none"),
        ("https://", "none"),
        ("https://a b.com", "none"),
        ("https://amazon.com:99999", "none"),
        ("https://[::1", "none"),
        ("https://amazon.com:0", "none"),
        ("https://amazon..com", "none"),
        ("https://.", "none"),
        ("https://-amazon.com", "none"),
        ("https://{endpoint}", "none"),
        ('https://"amazon.com"', "none"),
        ("https://amazon.com;x", "none"),
        ("https://%6cocalhost", "none"),
        ("https://1.2.3.4.5", "none"),
        ("https://[v1.fe80::a]", "none"),
        ("https://" + "a" * 64 + ".com", "none"),
        ("https://" + "a." * 127 + "com", "none"),
        ("http://127.0.0.1%00.evil.com", "none"),
        ("http://127.1%25.evil.com", "none"),
        ("https://user:word@amazon.com", "user"),
        ("https://user@amazon.com", "user"),
        ("https://amazon.com?x=1", "query"),
        ("https://amazon.com#x", "query"),
        ("https://amazon.com?", "query"),
        ("https://amazon.com/#", "query"),
        ("https://@amazon.com", "user"),
        ("http://amazon.com", "plain_http"),
        ("http://10.0.0.1", "plain_http"),
        ("http://127.0.0.1.evil.com", "plain_http"),
        ("http://sandbox:9700", "plain_http"),
    ],
)
def test_addresses_that_no_connection_may_name(url, reason):
    with pytest.raises(BadAddress) as caught:
        endpoint(url)
    assert caught.value.reason == reason


@pytest.mark.usefixtures("hosts")
def test_the_settings_name_hosts_for_plain_http():
    assert endpoint("http://sandbox:9700").trusted
    assert link("http://sandbox:9700/doc?sig=1", trusted=True).trusted
    with pytest.raises(BadAddress, match="plain_http"):
        endpoint("http://sandbox.evil.com")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://s3.amazonaws.com/x", "plain_http"),
        ("http://127.0.0.1/x", "plain_http"),
        ("https://127.0.0.1/x", "private"),
        ("https://localhost/x", "private"),
        ("https://10.1.2.3/x", "private"),
        ("https://192.168.0.1/x", "private"),
        ("https://169.254.169.254/latest/meta-data", "private"),
        ("https://[fe80::1]/x", "private"),
        ("https://[::ffff:169.254.169.254]/x", "private"),
        ("https://0.0.0.0/x", "private"),
        ("https://2130706433/x", "private"),
        ("https://0x7f000001/x", "private"),
        ("https://0177.0.0.1/x", "private"),
        ("https://127.1/x", "private"),
        ("https://[64:ff9b::7f00:1]/x", "private"),
        ("https://[2002:0a00:0001::]/x", "private"),
        ("https://[::10.0.0.1]/x", "private"),
        ("https://localhost./x", "private"),
        ("https://storage.localhost/x", "private"),
        ("https://user@s3.amazonaws.com/x", "user"),
        ("file:///etc/passwd", "none"),
    ],
)
def test_links_of_answers_stay_on_the_public_internet(url, reason):
    with pytest.raises(BadAddress) as caught:
        link(url)
    assert caught.value.reason == reason
    assert link("https://8.8.8.8/x").host
    assert link("https://[64:ff9b::808:808]/x").host
    assert link("https://tortuga-prod-eu.s3-eu-west-1.amazonaws.com/x?X-Amz-Signature=1").host


def test_a_sandbox_hands_out_links_to_itself_and_nowhere_private():
    assert link("http://127.0.0.1:9700/x", trusted=True)
    with pytest.raises(BadAddress, match="private"):
        link("https://169.254.169.254/x", trusted=True)
