//! Checks the path of an endpoint as the user typed it. The path stays below the API's address. Only a GET may use a
//! path that could send messages, because the safety checks apply only to the commands that send.

use http::Method;
use url::Url;

use super::Request;
use crate::base::input::UsageError;
use crate::base::message::msg;
use crate::base::placeholders::in_both;
use crate::jelou::message::documented_placeholder;

/// The placeholder of the bot.
const BOT: &str = "{bot}";

/// The paths where a POST sends nothing, according to the pages of Jelou's documentation; `*` is an id. A list of the
/// paths that send could never be complete.
const HARMLESS: [&str; 3] = [
    "v1/bots/*/templates",                        // creating a template
    "v1/bots/*/events/webhook",                   // subscribing to events
    "v1/metrics/conversations/attended/external", // conversations attended outside Jelou
];

/// The endings of paths that send a message, and the command to use instead. Longer ones come first.
const SENDING: [(&str, &str); 6] = [
    ("hsm/file", "jelouctl bulk send LIST template NAME"),
    ("hsm", "jelouctl send template NAME --to RECIPIENT"),
    (
        "template-messages",
        "jelouctl send template --template-id ID --campaign ID --to RECIPIENT",
    ),
    ("flow_message", "jelouctl flow-message --to RECIPIENT"),
    ("messages", "jelouctl send KIND --to RECIPIENT"),
    ("message", "jelouctl send KIND --to RECIPIENT"),
];

/// A path and query as typed, with `{bot}` not yet filled in.
#[derive(Clone, Debug)]
pub(crate) struct TypedPath(String);

fn leaves_address() -> UsageError {
    UsageError::new(
        msg!("the path leaves the API's address"),
        msg!("remove `..`, `.` and double slashes, also encoded ones"),
    )
}

fn has_character(character: char) -> UsageError {
    let character = format!("{character:?}");
    UsageError::new(
        msg!("the path has the character {character}", character),
        msg!("in the query, encode it, such as # as %23"),
    )
}

impl TypedPath {
    /// Checks `raw` as the path of a request.
    ///
    /// # Errors
    /// If it leaves the API's address or is not a path.
    pub(crate) fn new(raw: &str) -> Result<Self, UsageError> {
        let (path, _) = raw.split_once('?').unwrap_or((raw, ""));
        if path.trim_matches('/').is_empty() && !path.starts_with("//") {
            return Err(UsageError::new(
                msg!("no path"),
                msg!("to list the templates: jelouctl api '/v1/bots/{{bot}}/templates'"),
            ));
        }
        if let Some((scheme, _)) = path.split_once("://")
            && !scheme.contains('/')
        {
            // The URL may contain a password, so the error does not show it.
            return Err(UsageError::new(
                msg!("expected a path, found a URL"),
                msg!("pass only the path: jelouctl api /v1/…"),
            ));
        }
        if let Some(character) = raw.chars().find(|one| *one == '#' || one.is_control()) {
            return Err(has_character(character));
        }
        check(&path.replace(BOT, "bot"))?;
        if let Some(problem) = path.split('/').find_map(documented_placeholder) {
            return Err(UsageError::new(
                problem,
                msg!("write the id that Jelou shows; for the bot of the profile: {{bot}}"),
            ));
        }
        Ok(Self(raw.to_owned()))
    }

    /// Refuses a `method` request that could send a message. A request that is only printed may use any path that does
    /// not certainly send.
    ///
    /// # Errors
    /// If the path sends, or could send.
    pub(crate) fn check_harmless(
        &self,
        method: &Method,
        is_only_printed: bool,
    ) -> Result<(), UsageError> {
        let (path, _) = self.0.split_once('?').unwrap_or((&self.0, ""));
        let path = path.strip_prefix('/').unwrap_or(path);
        if *method == Method::GET
            || (*method == Method::POST && HARMLESS.iter().any(|listed| matches(path, listed)))
        {
            return Ok(());
        }
        let plain = path.trim_end_matches('/').to_ascii_lowercase();
        let ends = |ending: &str| {
            plain
                .strip_suffix(ending)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        match SENDING.iter().find(|(ending, _)| ends(ending)) {
            Some((ending, command)) => Err(UsageError::new(
                msg!(
                    "`api` does not send messages: {method} to `…/{ending}` would",
                    method = method.as_str(),
                    ending
                ),
                msg!("to send: {command}", command = in_both(command)),
            )),
            None if is_only_printed => Ok(()),
            None => Err(UsageError::new(
                msg!(
                    "jelouctl refuses {method} to `/{path}`: it could send messages",
                    method = method.as_str(),
                    path
                ),
                msg!("to print the request: --curl"),
            )),
        }
    }

    /// Returns the path with `bot` filled in, not encoded.
    pub(crate) fn for_bot(&self, bot: &str) -> Self {
        Self(self.0.replace(BOT, bot))
    }

    /// Its URL below `base`, for `bot`.
    ///
    /// # Errors
    /// As for [`TypedPath::new`], because the end of `base` is a part of the path, too.
    pub(crate) fn url(&self, base: &Url, bot: &str) -> Result<Url, UsageError> {
        let mut encoded = base.clone();
        encoded
            .path_segments_mut()
            .map_err(|()| leaves_address())?
            .clear()
            .push(bot);
        let bot = encoded.path().trim_start_matches('/');
        let url =
            Request::url_below(base, &self.0.replace(BOT, bot)).map_err(|_| leaves_address())?;
        let below = url
            .path()
            .strip_prefix(base.path().trim_end_matches('/'))
            .ok_or_else(leaves_address)?;
        if url.origin() != base.origin() || !below.starts_with('/') {
            return Err(leaves_address());
        }
        check(url.path())?;
        Ok(url)
    }
}

/// Returns whether `path` matches a `listed` one. An id must be plain, so that a server cannot read
/// anything else in it.
fn matches(path: &str, listed: &str) -> bool {
    let is_id = |one: &str| {
        one == BOT
            || (!one.is_empty()
                && one
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)))
    };
    path.split('/').count() == listed.split('/').count()
        && path
            .split('/')
            .zip(listed.split('/'))
            .all(|(one, expected)| one == expected || (expected == "*" && is_id(one)))
}

/// Refuses a path that could leave the API's address on some servers.
fn check(path: &str) -> Result<(), UsageError> {
    let decoded = decoded(path.strip_prefix('/').unwrap_or(path))?;
    // A server that decodes twice could read any character in a doubly encoded one.
    let is_forbidden =
        |one: &char| one.is_control() || one.is_whitespace() || "\\?#%".contains(*one);
    if let Some(character) = decoded.chars().find(is_forbidden) {
        return Err(has_character(character));
    }
    if decoded.contains(['{', '}']) {
        return Err(UsageError::bare(msg!(
            "the path has braces, but jelouctl fills in only `{bot}`",
            bot = BOT
        )));
    }
    // Some servers remove the parameters of a segment, which follow a semicolon.
    let mut segments = decoded
        .split('/')
        .map(|segment| segment.split(';').next().unwrap_or_default());
    if decoded.starts_with(['/', ';']) || segments.any(|segment| [".", ".."].contains(&segment)) {
        return Err(leaves_address());
    }
    Ok(())
}

/// Returns the path with its percent-encoding undone.
fn decoded(path: &str) -> Result<String, UsageError> {
    let encodes_nothing = || {
        UsageError::new(
            msg!("the path has a `%` that does not encode anything"),
            msg!("to write a percent sign: %25"),
        )
    };
    let mut parts = path.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).ok_or_else(encodes_nothing)?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| encodes_nothing())?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| encodes_nothing())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str, path: &str) -> Result<String, UsageError> {
        let base = Url::parse(base).unwrap();
        Ok(TypedPath::new(path)?.url(&base, "7/7")?.to_string())
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of inputs and results")]
    fn typed_path_stays_below_the_api_url() {
        for (base, path, expected) in [
            (
                "https://api.jelou.ai",
                "/v1/bots/{bot}/templates",
                "https://api.jelou.ai/v1/bots/7%2F7/templates",
            ),
            (
                "https://api.jelou.ai",
                "v1/x?a=b c&d={bot}",
                "https://api.jelou.ai/v1/x?a=b%20c&d=7%2F7",
            ),
            (
                "https://x.example/jelou",
                "/v1/x",
                "https://x.example/jelou/v1/x",
            ),
            (
                "https://x.example",
                "/v1/x?next=https://y.example/../z",
                "https://x.example/v1/x?next=https://y.example/../z",
            ),
            (
                "https://x.example",
                "/v1/wamid.a%2Fb%3D",
                "https://x.example/v1/wamid.a%2Fb%3D",
            ),
            (
                "https://x.example",
                "/v1/bots//x",
                "https://x.example/v1/bots//x",
            ),
            (
                "https://x.example",
                "/v1/a:b@c/é",
                "https://x.example/v1/a:b@c/%C3%A9",
            ),
        ] {
            assert_eq!(url(base, path).as_deref(), Ok(expected));
        }
        for path in [
            "//y.example/x",
            "///x",
            "/%2fy.example",
            "%2f%2fy.example",
            "/v1/../x",
            "..",
            "/v1/x/..",
            "/v1/%2e%2e/x",
            "/v1/.%2E/x",
            "/v1/..;a=b/x",
            "/v1%2f..%2fx",
            "/v1/./x",
        ] {
            let refused = url("https://x.example/jelou", path);
            assert!(
                refused
                    .as_ref()
                    .is_err_and(|error| error.message == "the path leaves the API's address"),
                "{path}: {refused:?}"
            );
        }
        for (path, expected) in [
            ("", "no path"),
            ("/", "no path"),
            ("?a=b", "no path"),
            ("https://api.jelou.ai/v1", "expected a path, found a URL"),
            ("FILE:///etc", "expected a path, found a URL"),
            ("%252fy.example", "the path has the character '%'"),
            ("/v1/%252e%252e/x", "the path has the character '%'"),
            ("/v1\\..\\x", "the path has the character '\\\\'"),
            ("/v1/%5c..", "the path has the character '\\\\'"),
            ("/v1/a b", "the path has the character ' '"),
            ("/v1/x\ty", "the path has the character '\\t'"),
            ("/v1/x?a=\n", "the path has the character '\\n'"),
            ("/v1/x%0d%0ay", "the path has the character '\\r'"),
            ("/v1/x%00", "the path has the character '\\0'"),
            ("/v1/x#y", "the path has the character '#'"),
            (
                "/v1/bots/BOT_ID/templates",
                "`BOT_ID` is a placeholder of the API's documentation",
            ),
            ("/v1/x%3f", "the path has the character '?'"),
            (
                "/v1/bots/{botId}/x",
                "the path has braces, but jelouctl fills in only `{bot}`",
            ),
            (
                "/v1/bots/{bot",
                "the path has braces, but jelouctl fills in only `{bot}`",
            ),
            ("/v1/%", "the path has a `%` that does not encode anything"),
            (
                "/v1/%zz",
                "the path has a `%` that does not encode anything",
            ),
            ("/v1/100%25", "the path has the character '%'"),
            (
                "/v1/%c0%ae%c0%ae/x",
                "the path has a `%` that does not encode anything",
            ),
        ] {
            assert_eq!(
                url("https://x.example", path).unwrap_err().message,
                expected,
                "{path:?}"
            );
        }
    }

    /// Every path that Jelou documents, in each spelling that a server may read as the same.
    #[test]
    fn unlisted_paths_accept_only_get() {
        let check =
            |method: &Method, path: &str| TypedPath::new(path)?.check_harmless(method, false);
        for (path, expected) in [
            ("/v1/bots/{bot}/messages", "messages"),
            ("messages", "messages"),
            ("/v1/bots/77/messages?x=y", "messages"),
            ("/v1/bots/77//MESSAGES//", "messages"),
            ("/v1/bots/77/users/593/flow_message?type=x", "flow_message"),
            ("/v2/whatsapp/77/hsm", "hsm"),
            ("/v2/whatsapp/77/hsm/file/", "hsm/file"),
            (
                "/v1/bots/77/campaigns/5/template-messages",
                "template-messages",
            ),
            ("/v1/rooms/77/message", "message"),
            // Paths that are in neither list.
            ("/v1/bots/{bot}/users/593/skill/12", ""),
            ("/v1/bots/{bot}/campaigns", ""),
            ("/v1/bots/{bot}/my-messages", ""),
            ("/v1/bots/{bot}/templates/7", ""),
            ("/v2/bots/{bot}/templates", ""),
            ("/v1/external/bots/{bot}/notifications", ""),
            ("/v1/messages/history/{bot}", ""),
            // Disguises of a path that sends.
            ("/v1/bots/77/meſſages", ""),
            ("/v1/bots/77/message%73", ""),
            ("/v1/bots/77%2fmessages", ""),
            ("/v1/bots/77/messages;a=b", ""),
            ("/v1/bots/77/messages/;a", ""),
            ("/v1/bots/77/messages.", ""),
            ("/v1/bots/77/messages%2e", ""),
            ("/v2/whatsapp/77/%48SM", ""),
            ("/v1/bots/77/users/593/Flow%5FMessage", ""),
            // Disguises of a listed path.
            ("/v1/bots/77/Templates", ""),
            ("/v1/bots/77/templates/", ""),
            ("/v1/bots//templates", ""),
            ("/v1//bots/77/templates", ""),
            ("/v1/bots/77/template%73", ""),
            ("/v1/bots/77%2Fmessages/templates", ""),
            ("/v1/bots/messages;/templates", ""),
            ("/v1/bots/7.7/templates", ""),
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let refused = check(&method, path).unwrap_err();
                let why = match expected {
                    "" => "it could send messages".to_owned(),
                    ending => {
                        format!("`api` does not send messages: {method} to `…/{ending}` would")
                    }
                };
                assert!(
                    refused.message.to_string().contains(&why),
                    "{path}: {refused}"
                );
                let printed = TypedPath::new(path).unwrap().check_harmless(&method, true);
                assert_eq!(printed.is_ok(), expected.is_empty(), "{path}");
            }
            assert_eq!(check(&Method::GET, path), Ok(()), "{path}");
        }
        // A bot's id may hide a path, too.
        for bot in [
            "77/messages",
            "77/messages;",
            "messages;",
            "77%2Fmessages",
            "..",
            "77?x",
        ] {
            let path = TypedPath::new("/v1/bots/{bot}/templates")
                .unwrap()
                .for_bot(bot);
            assert!(path.check_harmless(&Method::POST, false).is_err(), "{bot}");
        }
        for path in [
            "/v1/bots/{bot}/templates?sendToAprove=true",
            "v1/bots/b-7_x/templates",
            "/v1/bots/77/events/webhook",
            "/v1/metrics/conversations/attended/external",
        ] {
            assert_eq!(check(&Method::POST, path), Ok(()), "{path}");
            assert!(check(&Method::PUT, path).is_err(), "{path}");
        }
    }
}
