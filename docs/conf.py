"""How Sphinx builds the site; `make docs` writes its generated pages first."""

import acm_dispatch

project = "acm_dispatch"
author = "The acm_dispatch developers"
copyright = author  # noqa: A001 - Sphinx's name
version = release = acm_dispatch.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
nitpicky = True  # a name that leads nowhere is a warning
nitpick_ignore_regex = [("py:.*", r"collections\.abc\..*")]  # told elsewhere, and there is no network
exclude_patterns = ["_build", "adr/README.md"]  # design.md lists the records here

myst_heading_anchors = 3
numpydoc_show_class_members = False
autosummary_generate = False  # numpydoc brings it along
autodoc_typehints = "none"  # numpydoc's sections tell the types in words

html_theme = "pydata_sphinx_theme"
html_title = "acm_dispatch"
html_static_path = ["static"]
html_css_files = ["narrow.css"]
html_show_sourcelink = False
html_sidebars = {"*": []}  # pages without pages below them have all of the width
html_theme_options = {
    "header_links_before_dropdown": 4,  # one line at 1280 pixels
    "navbar_align": "left",
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
}
