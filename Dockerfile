# pricefeed in one image: web, feed and migrate differ only in their command (docker-compose.yml).
#
# The tag names one exact Python patch release. There is no digest: it could not be checked against a registry where
# this was written. To pin the bytes too: docker build --build-arg PYTHON=3.12.12-slim-bookworm@sha256:<digest> .
ARG PYTHON=3.12.12-slim-bookworm

FROM python:${PYTHON} AS wheels
COPY requirements.txt .
RUN pip wheel --no-cache-dir --disable-pip-version-check --wheel-dir /wheels --requirement requirements.txt

FROM python:${PYTHON}
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin pricefeed
WORKDIR /app
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    --mount=type=bind,source=requirements.txt,target=/requirements.txt \
    pip install --no-cache-dir --disable-pip-version-check --no-index --find-links /wheels --requirement /requirements.txt
COPY manage.py ./
COPY pricefeed pricefeed
COPY market market
COPY templates templates
COPY static static
# Static files land in /app/var/static. The key of this step signs nothing and is not kept.
RUN SECRET_KEY=only-for-collectstatic python manage.py collectstatic --noinput \
    && python -m compileall -q manage.py pricefeed market \
    && chown -R pricefeed var
USER pricefeed
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/api/sse/status', timeout=4)"]
# Alone: everything in one process. ALLOWED_HOSTS, where set, must include 127.0.0.1 for the health check.
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
