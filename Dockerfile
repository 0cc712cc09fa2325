# One image for every Airflow service of docker-compose.yml: Python, the locked libraries, the code. No study data.
FROM python:3.11-slim AS build
ENV UV_PROJECT_ENVIRONMENT=/opt/afterglow/.venv UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /opt/afterglow
COPY pyproject.toml uv.lock README.md LICENSE ./
# The libraries alone first: a change of our code does not install them again.
RUN uv sync --locked --no-dev --extra postgres --extra fab --no-install-project --compile-bytecode --no-cache
COPY pipelines pipelines
COPY dags dags
COPY dbt_project dbt_project
COPY expectations expectations
RUN uv sync --locked --no-dev --extra postgres --extra fab --compile-bytecode --no-cache

FROM python:3.11-slim
# A fixed number, so that the studies' folder on the host can be given to it (or build with --build-arg UID=$(id -u)).
ARG UID=50000
RUN useradd --uid ${UID} --gid 0 --create-home --shell /usr/sbin/nologin afterglow \
    && install --directory --owner afterglow --group 0 --mode 0770 /var/lib/airflow /studies
COPY --from=build /opt/afterglow /opt/afterglow
ENV PATH=/opt/afterglow/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/var/lib/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/afterglow/dags \
    PYTHONPATH=/opt/afterglow/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AFTERGLOW_STUDIES=/studies \
    DO_NOT_TRACK=1 \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=false \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=false \
    SCARF_ANALYTICS=false
WORKDIR /opt/afterglow
USER afterglow
EXPOSE 8080
CMD ["airflow", "version"]
