"""Packaging. Everything is read from settings.ini; edit that file, not this one."""

from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
config = ConfigParser(delimiters="=")
config.read(root / "settings.ini", encoding="utf-8")
cfg = config["DEFAULT"]

readme = root / "README.md"
extras = {name[6:]: value.split() for name, value in cfg.items() if name.startswith("extra_")}


def requirements(words):
    "The requirements that `words` stand for: an extra's name is replaced by what that extra holds"
    return [r for word in words for r in (requirements(extras[word]) if word in extras else [word])]


setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=readme.read_text(encoding="utf-8") if readme.exists() else "",
    long_description_content_type="text/markdown",
    author=cfg["author"],
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords=cfg["keywords"].split(),
    packages=find_packages(include=["tlcourse", "tlcourse.*"]),
    python_requires=f">={cfg['min_python']}",
    install_requires=requirements(cfg["requirements"].split()),
    extras_require={name: requirements(words) for name, words in extras.items()},
    entry_points={
        "nbdev": [f"{cfg['lib_name']}={cfg['lib_path']}._modidx:d"],
        "console_scripts": [f"{cfg['lib_name']}={cfg['lib_path']}.commands:main"],
    },
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Education",
        "Programming Language :: Python :: 3",
        "Natural Language :: English",
    ],
    zip_safe=False,
)
