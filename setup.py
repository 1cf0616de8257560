"""Finds the packages; everything else about the distribution stands in pyproject.toml.

The core lies at the top, each plugin under `plugins/`, and `conf/` is installed inside the core.
"""

from setuptools import find_packages, setup

core = find_packages(include=["vlminterp", "vlminterp.*"])
plugins = find_packages("plugins")
homes = {name: f"plugins/{name}" for name in plugins if "." not in name}
setup(
    packages=[*core, "vlminterp.conf", *plugins],
    package_dir={"": ".", "vlminterp.conf": "conf", **homes},
)
