import importlib.resources
import json

import pytest
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime
from jsonschema import Draft7Validator

from amazon_listings.airflow_adapter.hooks import SalesLayerHook, SellingPartnerHook
from amazon_listings.airflow_adapter.provider import get_provider_info
from amazon_listings.marketplaces import MARKETPLACES


def airflows(name):
    return json.loads(importlib.resources.files("airflow").joinpath(name).read_text("utf-8"))


def test_the_description_is_valid_by_airflows_schema():
    assert list(Draft7Validator(airflows("provider_info.schema.json")).iter_errors(get_provider_info())) == []


def test_so_are_the_connection_types_by_the_schema_of_a_provider_file():
    schema = airflows("provider.yaml.schema.json")
    types = {**schema["properties"]["connection-types"], "definitions": schema.get("definitions", {})}
    assert list(Draft7Validator(types).iter_errors(get_provider_info()["connection-types"])) == []


@pytest.mark.parametrize("hook", [SellingPartnerHook, SalesLayerHook])
def test_airflow_finds_the_types_and_their_hooks(hook):
    found = ProvidersManagerTaskRuntime().hooks[hook.conn_type]
    assert found.hook_name == hook.hook_name
    assert found.package_name == "airflow-provider-amazon-listings"
    assert found.connection_id_attribute_name == hook.conn_name_attr
    assert found.hook_class_name == f"{hook.__module__}.{hook.__qualname__}"
    assert found.connection_testable


def test_secret_fields_are_passwords_and_every_field_is_explained():
    for one in get_provider_info()["connection-types"]:
        for name, field in one["conn-fields"].items():
            assert field["label"]
            assert field["description"]
            assert (field["schema"].get("format") == "password") == (name == "refresh_token")


def test_every_country_may_be_chosen():
    amazon = get_provider_info()["connection-types"][0]
    assert set(amazon["conn-fields"]["country"]["schema"]["enum"]) - {None} == set(MARKETPLACES)
