# syntax=docker/dockerfile:1
# One image for web, worker and beat; compose.yaml says which command each runs.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
COPY constraints.txt /build/
RUN /opt/venv/bin/pip install --require-hashes --only-binary :all: -r /build/constraints.txt
COPY manage.py /app/
COPY consent /app/consent
COPY locale /app/locale
COPY privacyportal /app/privacyportal
COPY requests /app/requests
COPY static /app/static
COPY templates /app/templates
WORKDIR /app
# The key is for this one command; nothing of it stays in the image.
RUN SECRET_KEY=only-for-collecting-static-files STATIC_DIR=/app/collected VAR_DIR=/tmp/var \
    /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 portal \
 && useradd --uid 10001 --gid portal --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin portal \
 && install -d -m 700 -o portal -g portal /var/lib/portal
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STATIC_DIR=/app/collected \
    VAR_DIR=/var/lib/portal
WORKDIR /app
USER portal
VOLUME /var/lib/portal
EXPOSE 8000
# Alive means: this process answers under the portal's own name. /readyz is for monitoring.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.parse as p, urllib.request as r; r.urlopen(r.Request('http://127.0.0.1:8000/healthz', headers={'Host': p.urlsplit(os.environ['SITE_URL']).hostname}), timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "--log-level", "warning", "privacyportal.wsgi:application"]
