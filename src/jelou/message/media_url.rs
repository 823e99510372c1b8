//! Checks the URL of a media file. Jelou downloads the file, so the URL must be public. jelouctl
//! itself downloads nothing.

use std::net::IpAddr;

use url::{Host, Position, Url};

use crate::base::message::{Message, msg};
use crate::base::texts::rows;

/// The pattern in a schema that marks a field as the URL of a media file.
pub(crate) const PATTERN: &str = "^https://";

/// Returns the problem of a URL: a local path, not HTTPS, not public, or with credentials.
pub(crate) fn problem(value: &str) -> Option<Message> {
    if value.is_empty() {
        return None;
    }
    let Some((scheme, _)) = value.split_once("://") else {
        return Some(not_url());
    };
    match scheme.to_ascii_lowercase().as_str() {
        "https" => {}
        "http" => return Some(msg!("is not HTTPS; Jelou needs a public HTTPS URL")),
        _ => return Some(not_url()),
    }
    let url = Url::parse(value)
        .ok()
        .filter(|_| !has_repaired_character(value));
    let Some(url) = url else {
        return Some(msg!("is not a valid URL (a space is %20)"));
    };
    let authority = value.split(['/', '?', '#']).nth(2).unwrap_or_default();
    if !url.username().is_empty() || url.password().is_some() || authority.contains('@') {
        return Some(msg!(
            "contains credentials; Jelou needs a public HTTPS URL without user and password"
        ));
    }
    if !url.host().is_some_and(|host| is_public_host(&host)) {
        return Some(msg!(
            "is not on a public host; Jelou needs a public HTTPS URL"
        ));
    }
    viewer_page(&url)
}

/// Returns whether `url` has a space, a control character or a backslash. A browser would repair
/// such a URL, but other programs may not.
pub(super) fn has_repaired_character(url: &str) -> bool {
    url.contains(|character: char| {
        character.is_whitespace() || character.is_control() || character == '\\'
    })
}

/// Pages that users mistake for files, by host: the parts of their URL, and the parts that make it
/// a URL of the file.
const PAGES: &str = include_str!("viewer_pages.tsv");

/// Recognizes a URL copied from a browser. It shows the file in a page, and Jelou would download
/// the page.
fn viewer_page(url: &Url) -> Option<Message> {
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_start_matches("www.");
    let path_and_query = &url[Position::BeforePath..];
    let has_one = |words: &str| words.split(' ').any(|word| path_and_query.contains(word));
    let is_page = |[known, has, unless]: &[&str; 3]| {
        *known == host && has_one(has) && (unless.is_empty() || !has_one(unless))
    };
    let is_html = matches!(extension(url.as_str()).as_deref(), Some("html" | "htm"));
    if !is_html && !rows(PAGES).any(|row| is_page(&row)) {
        return None;
    }
    Some(match host {
        "drive.google.com" => msg!(
            "is Google Drive's page about the file; the file is at https://drive.google.com/uc?export=download&id=ID"
        ),
        "dropbox.com" => {
            msg!("is Dropbox's page about the file; the URL of the file ends in dl=1, not dl=0")
        }
        "github.com" => {
            msg!("is GitHub's page about the file; the URL of the file has /raw/, not /blob/")
        }
        _ => msg!("is a page to look at in a browser, not a file"),
    })
}

fn not_url() -> Message {
    msg!("is not a URL; Jelou needs a public HTTPS URL, not a file")
}

/// Returns whether the name of `host` is reachable from outside.
pub(super) fn is_public_host(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => is_public_address(IpAddr::V4(*address)),
        Host::Ipv6(address) => is_public_address(IpAddr::V6(*address)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let is_local = [".localhost", ".local", ".internal", ".lan"]
                .iter()
                .any(|end| name.ends_with(end));
            name.contains('.') && !is_local
        }
    }
}

/// Returns whether `address` is outside this machine and private networks.
fn is_public_address(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let is_local = match address {
        IpAddr::V4(address) => {
            let is_shared = matches!(address.octets(), [0, ..] | [100, 64..=127, ..]);
            is_shared || address.is_private() || address.is_link_local() || address.is_broadcast()
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    };
    !(is_local || address.is_loopback() || address.is_unspecified() || address.is_multicast())
}

/// Returns a warning about a file name with another extension than the file's address, or with none: the recipient's
/// phone opens the file by its name. An address that does not end in one of `known` may be of any format.
pub(super) fn filename_caution(filename: &str, url: &str, known: &[String]) -> Option<Message> {
    let extension = extension(url).filter(|extension| known.contains(extension))?;
    let own = filename
        .trim()
        .rsplit_once('.')
        .map(|(_, own)| own.to_lowercase());
    (own.as_ref() != Some(&extension)).then(|| {
        msg!(
            "`{filename}` does not end in .{extension}, as the address does",
            filename,
            extension
        )
    })
}

/// Returns the extension of the file at `url`, in lower case.
pub(crate) fn extension(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let (name, extension) = url.path_segments()?.next_back()?.rsplit_once('.')?;
    (!name.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_url_must_be_public_https() {
        for (value, expected) in [
            ("https://example.com/image.jpg", None),
            ("https://example.com:8443/a%20b?x=1#y", None),
            ("https://93.184.216.34/x.png", None),
            ("https://ñandú.example/ü.png", None),
            ("foto.jpg", Some("not a file")),
            ("./foto.jpg", Some("not a file")),
            ("/home/ana/foto.jpg", Some("not a file")),
            (r"C:\fotos\foto.jpg", Some("not a file")),
            ("file:///home/ana/foto.jpg", Some("not a file")),
            ("data:image/png;base64,AAAA", Some("not a file")),
            ("http://example.com/x.jpg", Some("is not HTTPS")),
            (
                "https://ana:canary@example.com/x.jpg",
                Some("contains credentials"),
            ),
            (
                "https://ana@example.com/x.jpg",
                Some("contains credentials"),
            ),
            ("https://localhost/x.jpg", Some("not on a public host")),
            ("https://intranet/x.jpg", Some("not on a public host")),
            ("https://nas.local/x.jpg", Some("not on a public host")),
            ("https://127.0.0.1/x.jpg", Some("not on a public host")),
            ("https://0x7f.1/x.jpg", Some("not on a public host")),
            ("https://10.0.0.1/x.jpg", Some("not on a public host")),
            ("https://169.254.169.254/x", Some("not on a public host")),
            ("https://[::1]/x.jpg", Some("not on a public host")),
            (
                "https://[::ffff:192.168.0.1]/x.jpg",
                Some("not on a public host"),
            ),
            ("https://[fe80::1]/x.jpg", Some("not on a public host")),
            ("https://[bad/x.jpg", Some("is not a valid URL")),
            ("https:foto.jpg", Some("not a file")),
            (r"https:\\example.com\x.jpg", Some("not a file")),
            (r"https://example.com\x.jpg", Some("is not a valid URL")),
            (" https://example.com/x.jpg", Some("not a file")),
            ("https://example.com/a b.jpg", Some("is not a valid URL")),
            ("https://exam\nple.com/b.jpg", Some("is not a valid URL")),
            ("https://@example.com/x.jpg", Some("contains credentials")),
            ("https://100.64.0.1/x.jpg", Some("not on a public host")),
            ("https://0.0.0.1/x.jpg", Some("not on a public host")),
            ("HTTPS://example.com/x.jpg", None),
            (
                "https://drive.google.com/file/d/1aB/view?usp=sharing",
                Some("Google Drive's page"),
            ),
            (
                "https://drive.google.com/open?id=1aB",
                Some("Google Drive's page"),
            ),
            ("https://drive.google.com/uc?export=download&id=1aB", None),
            (
                "https://www.dropbox.com/scl/fi/x/foto.jpg?rlkey=y&dl=0",
                Some("Dropbox's page"),
            ),
            (
                "https://www.dropbox.com/scl/fi/x/foto.jpg?rlkey=y&dl=1",
                None,
            ),
            ("https://dl.dropboxusercontent.com/s/x/foto.jpg", None),
            (
                "https://github.com/a/b/blob/main/foto.png",
                Some("GitHub's page"),
            ),
            ("https://github.com/a/b/blob/main/foto.png?raw=true", None),
            ("https://github.com/a/b/raw/main/foto.png", None),
            (
                "https://docs.google.com/document/d/1/edit?usp=sharing",
                Some("is a page"),
            ),
            (
                "https://docs.google.com/document/d/1/export?format=pdf",
                None,
            ),
            ("https://imgur.com/a/Xy12", Some("is a page")),
            ("https://i.imgur.com/Xy12.png", None),
            ("https://photos.app.goo.gl/abc", Some("is a page")),
            ("https://youtu.be/abc", Some("is a page")),
            ("https://example.com/foto.html", Some("is a page")),
            ("https://example.com/foto", None),
            ("https://example.com/ver.php?id=1", None),
        ] {
            let found = problem(value);
            assert_eq!(found.is_some(), expected.is_some(), "{value}: {found:?}");
            let found = found.unwrap_or_default().to_string();
            assert!(
                found.contains(expected.unwrap_or_default()),
                "{value}: {found}"
            );
        }
    }

    #[test]
    fn file_name_has_the_extension_of_the_address() {
        let pdf = "https://example.com/7.PDF?v=1";
        for (filename, url, is_told) in [
            ("contrato.pdf", pdf, false),
            ("Contrato.PDF", pdf, false),
            ("contrato", pdf, true),
            ("recibo.xlsx", pdf, true),
            ("contrato", "https://example.com/7", false),
            ("contrato.pdf", "https://example.com/ver.php?id=7", false),
        ] {
            let told = filename_caution(filename, url, &["pdf".to_owned()]);
            assert_eq!(told.is_some(), is_told, "{filename} {url}: {told:?}");
        }
    }

    #[test]
    fn extension_comes_only_from_the_path() {
        for (url, expected) in [
            ("https://example.com/a/Foto.JPG?v=1.2#x.y", Some("jpg")),
            ("https://example.com/a.b/foto", None),
            ("https://example.com/.png", None),
            ("https://example.com/foto.", None),
            ("https://example.com", None),
        ] {
            assert_eq!(extension(url).as_deref(), expected, "{url}");
        }
    }
}
