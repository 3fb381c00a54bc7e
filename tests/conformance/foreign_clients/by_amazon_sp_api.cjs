// The story of `test_foreign_clients.py`, by `amazon-sp-api` for Node as it is installed.
const fs = require('fs');
const net = require('net');
const tls = require('tls');
const https = require('https');
const SellingPartner = require('amazon-sp-api');

const told = JSON.parse(fs.readFileSync(0, 'utf8'));
const {seller, sku, market} = told;
const proxy = new URL(process.env.HTTPS_PROXY);

// What its option `https_proxy_agent` wants: an agent that connects through the proxy.
class Through extends https.Agent {
  createConnection(options, connected) {
    const socket = net.connect(proxy.port, proxy.hostname, () => {
      socket.write(`CONNECT ${options.host}:443 HTTP/1.1\r\n\r\n`);
      socket.once('data', () => connected(null, tls.connect({...options, socket, servername: options.host})));
    });
    socket.once('error', connected);
  }
}

const client = new SellingPartner({
  region: 'eu',
  refresh_token: told.refresh_token,
  credentials: {
    SELLING_PARTNER_APP_CLIENT_ID: told.client_id,
    SELLING_PARTNER_APP_CLIENT_SECRET: told.client_secret
  },
  options: {https_proxy_agent: new Through(), auto_request_throttled: false}
});

async function status(call) {
  const answer = await client.callAPI({...call, options: {...call.options, raw_result: true}});
  return answer.statusCode;
}

async function main() {
  const saw = {};
  const definitions = {endpoint: 'productTypeDefinitions'};
  const found = await client.callAPI({
    ...definitions, operation: 'searchDefinitionsProductTypes',
    query: {marketplaceIds: [market], keywords: ['lampe'], locale: 'fr_FR'}
  });
  saw.types = found.productTypes.map((one) => one.name);
  const definition = await client.callAPI({
    ...definitions, operation: 'getDefinitionsProductType', path: {productType: 'LAMP'},
    query: {marketplaceIds: [market], requirements: 'LISTING', locale: 'fr_FR'}
  });
  const schema = JSON.parse(await client.download({url: definition.schema.link.resource}));
  saw.title = schema.properties.item_name.title;

  const participations = await client.callAPI({endpoint: 'sellers', operation: 'getMarketplaceParticipations'});
  const french = participations.filter((one) => one.marketplace.countryCode === 'FR');
  saw.domains = french.map((one) => one.marketplace.domainName);
  saw.plan = (await client.callAPI({endpoint: 'sellers', operation: 'getAccount'})).sellingPlan;

  const listings = {endpoint: 'listingsItems', options: {version: '2021-08-01'}};
  // Made for each call: the client writes into what it is given.
  const item = (more) => ({...listings, path: {sellerId: seller, sku}, query: {marketplaceIds: [market]}, ...more});
  const body = {productType: 'LAMP', requirements: 'LISTING', attributes: told.attributes};
  const get = (more) => item({operation: 'getListingsItem', ...more});
  const put = (more) => item({operation: 'putListingsItem', body, ...more});
  const previewed = {marketplaceIds: [market], mode: 'VALIDATION_PREVIEW'};
  saw.preview = (await client.callAPI(put({query: previewed}))).status;
  saw.unknown = await status(get());
  const wrong = put({path: {sellerId: seller, sku: 'W'}, body: {...body, attributes: told.wrong}});
  saw.wrong = (await client.callAPI(wrong)).status;
  saw.put = (await client.callAPI(put())).status;
  const patches = {productType: 'LAMP', patches: told.patches};
  saw.patch = (await client.callAPI(item({operation: 'patchListingsItem', body: patches}))).status;
  const query = {marketplaceIds: [market], includedData: ['summaries', 'attributes']};
  const shown = await client.callAPI(get({query}));
  saw.stock = shown.attributes.fulfillment_availability[0].quantity;
  const hits = await client.callAPI({
    ...listings, operation: 'searchListingsItems', path: {sellerId: seller},
    query: {marketplaceIds: [market], identifiers: [shown.summaries[0].asin], identifiersType: 'ASIN'}
  });
  saw.search = hits.items.map((one) => one.sku);
  saw.delete = (await client.callAPI(item({operation: 'deleteListingsItem'}))).status;
  saw.gone = await status(get());

  const feeds = {endpoint: 'feeds', options: {version: '2021-06-30'}};
  const contentType = 'application/json; charset=UTF-8';
  const document = await client.callAPI({...feeds, operation: 'createFeedDocument', body: {contentType}});
  await client.upload(document, {content: told.feed, contentType});
  const created = await client.callAPI({
    ...feeds, operation: 'createFeed',
    body: {feedType: 'JSON_LISTINGS_FEED', marketplaceIds: [market], inputFeedDocumentId: document.feedDocumentId}
  });
  let feed = {};
  for (let turn = 0; turn < 100 && feed.processingStatus !== 'DONE'; turn += 1) {
    feed = await client.callAPI({...feeds, operation: 'getFeed', path: {feedId: created.feedId}});
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  saw.feed = feed.processingStatus;
  const result = await client.callAPI({
    ...feeds, operation: 'getFeedDocument', path: {feedDocumentId: feed.resultFeedDocumentId}
  });
  saw.report = JSON.parse(await client.download(result)).summary.messagesAccepted;

  saw.elsewhere = await status(get({query: {marketplaceIds: ['ATVPDKIKX0DER']}}));
  process.stdout.write(JSON.stringify(saw));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
