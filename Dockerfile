# The demo on a machine without Python:
#   docker build -t vlminterp .                                                              CPU
#   docker build -t vlminterp --build-arg TORCH=https://download.pytorch.org/whl/cu130 .     CUDA (run with --gpus all)
#   docker run --rm -v "$PWD/outputs:/vlminterp/outputs" vlminterp +plugin=m2ib
FROM python:3.11-slim
ARG TORCH=https://download.pytorch.org/whl/cpu
WORKDIR /vlminterp
# Torch by itself and first: the largest layer, which a change of the source leaves as it is.
RUN pip install --no-cache-dir --index-url "$TORCH" torch torchvision
COPY . /source
RUN pip install --no-cache-dir /source
ENTRYPOINT ["python", "-m", "vlminterp"]
CMD ["+plugin=m2ib"]
