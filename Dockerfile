# FOI-portalen in one image: web, worker, beat and migrate differ only in their command.

FROM node:20-bookworm-slim AS node
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM python:3.11-slim-bookworm AS build
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt
COPY manage.py ./
COPY foi_portal foi_portal
COPY registry registry
COPY roles roles
COPY budgets budgets
COPY coordination coordination
COPY templates templates
COPY static static
COPY --from=node /app/node_modules node_modules
# The key is for this command only and is in no layer's environment.
RUN SECRET_KEY=only-for-collectstatic python manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf node_modules var

FROM python:3.11-slim-bookworm
# What makes PDFs (WeasyPrint): layout of text, and cutting fonts down to the letters used.
RUN apt-get update && apt-get install -y --no-install-recommends \
        libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 foi && useradd --uid 10001 --gid foi --no-create-home --home-dir /nonexistent foi \
    && install -d -o foi -g foi -m 0700 /run/foi
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000 RUN_DIR=/run/foi
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["python", "-m", "foi_portal.probe", "web"]
CMD ["gunicorn", "-c", "python:foi_portal.gunicorn", "foi_portal.wsgi"]
