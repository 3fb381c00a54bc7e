CREATE DATABASE amazon_listings;
