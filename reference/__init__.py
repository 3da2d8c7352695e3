"""The reference pages of the docs, made from the code.

Goes in: contracts, components, tables, commands, checks, errors. Comes out: the pages in `docs/reference`. What the
code does not say itself is in `descriptions`; a page cannot be made while something lacks its description.
"""

from reference.pages import FOLDER, PAGES, write_pages

__all__ = ["FOLDER", "PAGES", "write_pages"]
