# A tag follows security updates; to hold a release to what was tested, build with --build-arg BASE=…@sha256:….
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS build

RUN python -m venv --without-pip /opt/venv
COPY requirements.lock /
RUN python -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check \
    --only-binary :all: --require-hashes -r /requirements.lock

COPY utils /app/utils
COPY rpc_moodle /app/rpc_moodle
# Compiled here, since the running container can write nowhere; never checked against the source, which cannot change.
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /app


FROM ${BASE} AS bare

COPY container/bare.py /tmp/
RUN ["python", "/tmp/bare.py", "/"]


# From nothing, since a file that a later layer deletes is still in the image.
FROM scratch

COPY --from=bare / /
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app

ENV PATH=/opt/venv/bin:/usr/local/bin \
    LANG=C.UTF-8 \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RPC_MOODLE_HOST=0.0.0.0
WORKDIR /app
USER 10001:10001

EXPOSE 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["python", "-m", "rpc_moodle.healthcheck"]

# The exec form: the service is PID 1 and gets SIGTERM itself. Any command of `python -m rpc_moodle` can follow.
ENTRYPOINT ["python", "-m", "rpc_moodle"]
CMD ["serve"]
