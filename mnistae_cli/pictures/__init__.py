"""Pictures: `figures` of scores with Matplotlib, `sheets` of clusters with Pillow, and `pages` for a browser."""

import logging


def _is_of_use(record: logging.LogRecord) -> bool:
    """Not what Matplotlib logs about its own cache, while it is imported: nobody needs to do anything about it."""
    return record.funcName != "_get_config_or_cache_dir" and "cache" not in record.getMessage()


for _name in ("matplotlib", "matplotlib.font_manager"):  # a logger does not ask the filters of those above it
    logging.getLogger(_name).addFilter(_is_of_use)
