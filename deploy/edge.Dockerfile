# A box with the CPU runtime. Build from the checkout: docker build -f deploy/edge.Dockerfile -t tillsight-edge .
FROM python:3.11-slim
RUN useradd --create-home --uid 10001 tillsight && mkdir -p /var/lib/tillsight/edge /run/tillsight \
    && chown -R tillsight /var/lib/tillsight /run/tillsight
COPY pyproject.toml constraints.txt README.md LICENSE /src/
COPY cameras /src/cameras
COPY sync /src/sync
COPY edge /src/edge
COPY trainer /src/trainer
RUN pip install --no-cache-dir --constraint /src/constraints.txt "/src[edge,cpu]"
USER tillsight
EXPOSE 8600
# Frames live in shared memory: run with --shm-size=512m.
CMD ["python", "-m", "edge", "--config", "/etc/tillsight/edge.toml"]
