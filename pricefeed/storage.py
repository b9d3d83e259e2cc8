"""Static files with a hash of their content in the name, so that browsers may keep them for ever."""

from urllib.parse import unquote, urlsplit

from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Also rewrites the imports between ES modules, and keeps a gzip of each file.

    A file that `collectstatic` has not seen keeps its plain name and is served from its source folder:
    development and tests work without it.
    """

    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        if urlsplit(unquote(name)).path.strip() not in self.hashed_files:
            return name
        return str(super().stored_name(name))
