"""Write the reference pages: `python -m reference`."""

from reference.pages import write_pages

write_pages()
