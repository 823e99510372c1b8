"""Packs the files of STAGE into ARCHIVE, a .tar.gz or .zip, in one directory NAME. The same files always make the same
archive: the files are sorted, belong to root, are readable by all and writable only by root, and have the time TIME.
usage: archive.py STAGE NAME ARCHIVE TIME"""

import gzip
import io
import pathlib
import sys
import tarfile
import time
import zipfile

stage, name, archive, seconds = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
PROGRAMS = ("jelouctl", "jelouctl.exe")
files = sorted(path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file())


def mode(file):
    return 0o755 if file in PROGRAMS else 0o644


def pack_tar(out):
    with gzip.GzipFile("", "wb", 9, out, mtime=seconds) as zipped, tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for file in files:
            content = (stage / file).read_bytes()
            member = tarfile.TarInfo(f"{name}/{file}")
            member.size, member.mode, member.mtime = len(content), mode(file), seconds
            member.uname = member.gname = "root"
            tar.addfile(member, io.BytesIO(content))


def pack_zip(out):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        for file in files:
            member = zipfile.ZipInfo(f"{name}/{file}", time.gmtime(seconds)[:6])
            member.compress_type, member.create_system, member.external_attr = zipfile.ZIP_DEFLATED, 3, (0o100000 | mode(file)) << 16
            zipped.writestr(member, (stage / file).read_bytes())


with open(archive, "wb") as out:
    (pack_zip if archive.endswith(".zip") else pack_tar)(out)
