# The image of every Airflow component: the pinned requirements and the provider (target `airflow`), and the sandbox
# beside it (target `sandbox`, which is for trying out).
FROM python:3.11.14-slim-bookworm AS airflow

RUN apt-get update \
    && apt-get install --yes --no-install-recommends curl libpq5 tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 50000 --gid 0 airflow

ENV AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/project/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/project/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AMAZON_LISTINGS_CONNECTORS=/opt/project/include/connectors \
    AMAZON_LISTINGS_STORAGE=/opt/airflow/amazon_listings \
    AMAZON_LISTINGS_LEDGER=sqlite:////opt/airflow/amazon_listings/ledger.db \
    PYTHONUNBUFFERED=1

WORKDIR /opt/project
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --requirement requirements.txt

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY packages/amazon-product-types packages/amazon-product-types
COPY plugins plugins
COPY dags dags
COPY include include
# pip compiles no editable package, and the user `airflow` may not write beside the sources.
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps \
        --editable packages/amazon-product-types --editable . \
    && python -m compileall -q plugins packages \
    && mkdir -p /opt/airflow/amazon_listings && chown -R airflow:0 /opt/airflow && chmod -R g=u /opt/airflow

USER airflow
# No more than an init process: Airflow's Helm chart passes whole commands (`bash -c "exec airflow …"`).
ENTRYPOINT ["tini", "--"]
CMD ["airflow", "version"]


FROM airflow AS sandbox
USER root
COPY packages/spapi-sandbox packages/spapi-sandbox
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --editable packages/spapi-sandbox \
    && python -m compileall -q packages/spapi-sandbox
USER airflow
