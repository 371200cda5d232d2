"""Builds the package. What it is made of stands in pyproject.toml; the catalogues of translations are compiled here."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithTranslations(build_py):
    """Writes the .mo file beside each .po file, then builds as usual."""

    def run(self) -> None:
        for path in Path("panelwright/locale").glob("*/LC_MESSAGES/*.po"):
            with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
                write_mo(target, read_po(source))
        super().run()


setup(cmdclass={"build_py": BuildWithTranslations})
