"""Opens what people have: files, folders, standard input, packed or not, as named byte streams."""

from archiver.dumps.documents import decode_json
from archiver.dumps.dump import Dump, Importer
from archiver.dumps.finding import again, files, find, sha256
from archiver.dumps.packing import Limits

__all__ = ["Dump", "Importer", "Limits", "again", "decode_json", "files", "find", "sha256"]
