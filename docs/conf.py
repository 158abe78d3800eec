"""How Sphinx builds these pages: ``make docs``."""  # noqa: INP001 - Sphinx reads it as a file, not as a module

import importlib.metadata
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "rpc_moodle"
author = "the rpc_moodle authors"
release = importlib.metadata.version("rpc-moodle")
html_title = f"rpc_moodle {release}"
extensions = ["myst_parser", "reference"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_js_files = ["copy.js"]
# Where the pages can be edited, such as https://github.com/someone/rpc_moodle; a link on each page leads there.
repository = os.environ.get("DOCS_REPOSITORY", "")
html_theme_options = (
    {"source_repository": repository, "source_branch": "main", "source_directory": "docs/"} if repository else {}
)
html_copy_source = False
html_show_copyright = False
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
nitpicky = True
