"""Writes a formula for Homebrew (jelouctl.rb) and a manifest for Scoop (jelouctl.json) into DIRECTORY, which has the archives of
a release. Skips targets without an archive. ADDRESS is the URL of the releases. usage: manifests.py DIRECTORY ADDRESS"""

import hashlib
import json
import pathlib
import sys
import tomllib

directory, releases = pathlib.Path(sys.argv[1]), sys.argv[2].rstrip("/")
root = pathlib.Path(__file__).resolve().parent.parent
package = tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))["package"]
version, description = package["version"], package["description"]
homepage = releases.removesuffix("/releases")

# Homebrew's names of systems and processors, and the target for each.
SYSTEMS = {
    "macos": {"arm": "aarch64-apple-darwin", "intel": "x86_64-apple-darwin"},
    "linux": {"arm": "aarch64-unknown-linux-musl", "intel": "x86_64-unknown-linux-musl"},
}
# Scoop gets the first of these targets that has an archive.
WINDOWS = ("x86_64-pc-windows-msvc", "x86_64-pc-windows-gnu")


def url_and_sum(name):
    """Returns the URL and the SHA-256 of an archive. None if DIRECTORY does not have it."""
    file = directory / name
    return (f"{releases}/download/v{version}/{name}", hashlib.sha256(file.read_bytes()).hexdigest()) if file.exists() else None


def formula():
    lines = []
    for system, targets in SYSTEMS.items():
        found = [(cpu, url_and_sum(f"jelouctl-{version}-{target}.tar.gz")) for cpu, target in targets.items()]
        blocks = [f'    on_{cpu} do\n      url "{one[0]}"\n      sha256 "{one[1]}"\n    end\n' for cpu, one in found if one]
        if blocks:
            lines.append(f"  on_{system} do\n{''.join(blocks)}  end\n\n")
    return f"""class Jelouctl < Formula
  desc "{description}"
  homepage "{homepage}"
  version "{version}"
  license "{package["license"]}"

{"".join(lines)}  def install
    bin.install "jelouctl"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/jelouctl.bash" => "jelouctl"
    zsh_completion.install "completions/_jelouctl"
    fish_completion.install "completions/jelouctl.fish"
    pkgshare.install "config.example.toml"
    doc.install "README.md", "CHANGELOG.md", "LICENSE", "LICENSES-OF-PACKAGES.txt"
  end

  test do
    assert_match "jelouctl #{{version}}", shell_output("#{{bin}}/jelouctl --version")
    sent = shell_output("#{{bin}}/jelouctl --sandbox send text --to 593987654321 Hola")
    assert_match "messageId", sent
  end
end
"""


def scoop():
    for target in WINDOWS:
        found = url_and_sum(f"jelouctl-{version}-{target}.zip")
        if found:
            name = f"jelouctl-$version-{target}"
            return {
                "version": version,
                "description": description,
                "homepage": homepage,
                "license": package["license"],
                "architecture": {"64bit": {"url": found[0], "hash": found[1], "extract_dir": name.replace("$version", version)}},
                "bin": "jelouctl.exe",
                "checkver": {"github": homepage},
                "autoupdate": {
                    "architecture": {"64bit": {"url": f"{releases}/download/v$version/{name}.zip", "extract_dir": name}},
                    "hash": {"url": "$baseurl/SHA256SUMS"},
                },
            }
    return None


(directory / "jelouctl.rb").write_text(formula(), encoding="utf-8")
if manifest := scoop():
    (directory / "jelouctl.json").write_text(json.dumps(manifest, indent=4) + "\n", encoding="utf-8")
