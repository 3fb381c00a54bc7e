"""The story of `test_foreign_clients.py`, by `amzn-selling-partner` as it is installed."""

import json
import sys
import time

import httpx2
from amzn_selling_partner import APIStatusError, Marketplace, Region, SellingPartner

told = json.load(sys.stdin)
seller, sku, market = told["seller"], told["sku"], told["market"]
credentials = {name: told[name] for name in ("client_id", "client_secret", "refresh_token")}


def refusal(call):
    try:
        return call()
    except APIStatusError as error:
        return error.status_code


saw = {}
# Its own transport knows no proxy; this is the option that it has for one.
connections = httpx2.Client()
client = SellingPartner(
    region=Region.EU, throttle=False, max_retries=0, http_client=connections, **credentials
)
types = client.definitions_product_types_v2020_09_01
found = types.list_product_types([market], keywords=["lampe"], locale="fr_FR")
saw["types"] = [one.name for one in found.product_types]
definition = types.get_product_type("LAMP", [market], requirements="LISTING", locale="fr_FR")
link = definition.model_dump(by_alias=True)["schema"]["link"]["resource"]
saw["title"] = httpx2.get(link).json()["properties"]["item_name"]["title"]

taking_part = client.sellers_v1.list_marketplace_participations().payload
saw["domains"] = [one.marketplace.domain_name for one in taking_part if one.marketplace.country_code == "FR"]
saw["plan"] = str(client.sellers_v1.list_account().payload.selling_plan.value)

listings = client.listings_items_v2021_08_01
body = {"productType": "LAMP", "requirements": "LISTING", "attributes": told["attributes"]}
preview = listings.put_listings_item(seller, sku, body, [market], mode="VALIDATION_PREVIEW")
saw["preview"] = preview.status.value
saw["unknown"] = refusal(lambda: listings.get_listings_item(seller, sku, [market]))
wrong = {**body, "attributes": told["wrong"]}
saw["wrong"] = listings.put_listings_item(seller, "W", wrong, [market]).status.value
saw["put"] = listings.put_listings_item(seller, sku, body, [market]).status.value
patches = {"productType": "LAMP", "patches": told["patches"]}
saw["patch"] = listings.patch_listings_item(seller, sku, patches, [market]).status.value
item = listings.get_listings_item(seller, sku, [market], included_data=["summaries", "attributes"])
shown = item.model_dump(by_alias=True)
saw["stock"] = shown["attributes"]["fulfillment_availability"][0]["quantity"]
asin = item.summaries[0].asin
hits = listings.search_listings_items(seller, [market], identifiers=[asin], identifiers_type="ASIN")
saw["search"] = [one.sku for one in hits.items]
saw["delete"] = listings.delete_item(seller, sku, [market]).status.value
saw["gone"] = refusal(lambda: listings.get_listings_item(seller, sku, [market]))

created = client.documents.create_feed(
    "JSON_LISTINGS_FEED", [market], told["feed"], content_type="application/json; charset=UTF-8"
)
for _ in range(100):
    feed = client.feeds_v2021_06_30.get_feed(created.feed_id)
    if feed.processing_status.value == "DONE":
        break
    time.sleep(0.1)
saw["feed"] = feed.processing_status.value
report = client.documents.download_feed_result(feed.result_feed_document_id)
saw["report"] = json.loads(report)["summary"]["messagesAccepted"]

saw["elsewhere"] = refusal(lambda: listings.get_listings_item(seller, sku, [Marketplace.US]))
json.dump(saw, sys.stdout)
