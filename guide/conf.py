"""How Sphinx builds the guide. `cargo xtask guide` lays the pages out and runs it."""

project = "protector"
author = "The authors of protector"
html_title = "protector"

# CommonMark, with the anchors that the pages have where they are read in the repository.
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4

html_theme = "furo"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
# The pages' YAML has placeholders and their JSON is cut short: neither is an error.
suppress_warnings = ["misc.highlighting_failure"]
