"""The story of `test_foreign_clients.py`, by `python-amazon-sp-api` as it is installed."""

import io
import json
import sys
import time

import httpx
from sp_api.api import Feeds, ListingsItems, ProductTypeDefinitions, Sellers
from sp_api.base import Marketplaces, SellingApiException

told = json.load(sys.stdin)
seller, sku, market = told["seller"], told["sku"], told["market"]
credentials = {
    "refresh_token": told["refresh_token"],
    "lwa_app_id": told["client_id"],
    "lwa_client_secret": told["client_secret"],
}


def client(kind, marketplace=Marketplaces.FR):
    return kind(marketplace, credentials=credentials)


def refusal(call):
    try:
        return call().payload
    except SellingApiException as error:
        return [error.code, type(error).__name__]


saw = {}
types = client(ProductTypeDefinitions)
found = types.search_definitions_product_types(keywords=["lampe"], locale="fr_FR").payload
saw["types"] = [one["name"] for one in found["productTypes"]]
definition = types.get_definitions_product_type("LAMP", requirements="LISTING", locale="fr_FR").payload
saw["title"] = httpx.get(definition["schema"]["link"]["resource"]).json()["properties"]["item_name"]["title"]

sellers = client(Sellers)
taking_part = sellers.get_marketplace_participation().payload
saw["domains"] = [
    one["marketplace"]["domainName"] for one in taking_part if one["marketplace"]["countryCode"] == "FR"
]
saw["plan"] = sellers.get_account().payload["sellingPlan"]

listings = client(ListingsItems)
body = {"productType": "LAMP", "requirements": "LISTING", "attributes": told["attributes"]}
data = ["summaries", "attributes"]
preview = listings.put_listings_item(
    seller, sku, mode="VALIDATION_PREVIEW", marketplaceIds=[market], body=body
)
saw["preview"] = preview.payload["status"]
saw["unknown"] = refusal(lambda: listings.get_listings_item(seller, sku))[0]
wrong = {**body, "attributes": told["wrong"]}
saw["wrong"] = listings.put_listings_item(seller, "W", marketplaceIds=[market], body=wrong).payload["status"]
saw["put"] = listings.put_listings_item(seller, sku, marketplaceIds=[market], body=body).payload["status"]
patches = {"productType": "LAMP", "patches": told["patches"]}
saw["patch"] = listings.patch_listings_item(seller, sku, marketplaceIds=[market], body=patches).payload[
    "status"
]
item = listings.get_listings_item(seller, sku, includedData=data).payload
saw["stock"] = item["attributes"]["fulfillment_availability"][0]["quantity"]
asin = item["summaries"][0]["asin"]
hits = listings.search_listings_items(seller, identifiers=[asin], identifiersType="ASIN").payload
saw["search"] = [one["sku"] for one in hits["items"]]
saw["delete"] = listings.delete_listings_item(seller, sku, marketplaceIds=[market]).payload["status"]
saw["gone"] = refusal(lambda: listings.get_listings_item(seller, sku))[0]

feeds = client(Feeds)
document = feeds.create_feed_document(io.StringIO(told["feed"]), "application/json; charset=UTF-8").payload
created = feeds.create_feed("JSON_LISTINGS_FEED", document["feedDocumentId"], marketplaceIds=[market]).payload
for _ in range(100):
    feed = feeds.get_feed(created["feedId"]).payload
    if feed["processingStatus"] == "DONE":
        break
    time.sleep(0.1)
saw["feed"] = feed["processingStatus"]
saw["report"] = json.loads(feeds.get_feed_document(feed["resultFeedDocumentId"]))["summary"][
    "messagesAccepted"
]

elsewhere = client(ListingsItems, Marketplaces.US)
saw["elsewhere"] = refusal(lambda: elsewhere.get_listings_item(seller, sku))[0]
json.dump(saw, sys.stdout)
