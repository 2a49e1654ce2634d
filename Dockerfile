# The application alone: PostgreSQL, PgBouncer and Redis are services of their own (compose.yaml). Nothing secret is in the
# image; every setting comes from the environment.
FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin edutrack \
    && install -d -o edutrack -g edutrack /var/lib/edutrack

WORKDIR /app
COPY requirements.lock setup.cfg pyproject.toml README.md wsgi.py ./
COPY edutrack edutrack
COPY migrations migrations
# The lock file pins every package; only those that the application itself needs are installed.
RUN python -m pip install --no-cache-dir --constraint requirements.lock setuptools \
    && python -m pip install --no-cache-dir --constraint requirements.lock --no-build-isolation --editable .

USER edutrack
ENV EDUTRACK_DATA_DIR=/var/lib/edutrack \
    LOG_FORMAT=json \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
VOLUME /var/lib/edutrack
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "edutrack"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
