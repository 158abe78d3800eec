"""How Sphinx builds these pages: ``make docs``."""  # noqa: INP001 - Sphinx reads it as a file, not as a module

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "rpc_moodle"
author = "the rpc_moodle authors"
html_title = "rpc_moodle"
extensions = ["myst_parser", "reference"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_copyright = False
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
nitpicky = True
