//! A browser that shows a sandbox or another page, and functions to use the page like a user.

use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::json;
use tempfile::TempDir;

use crate::chromium::Chromium;
use crate::listening::Sandbox;

/// How long anything on the page may take to appear. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser window that shows the page.
pub(crate) struct Inbox {
    pub(crate) page: Chromium,
    _profile: TempDir,
}

impl Inbox {
    /// Opens the page in a window of this size.
    pub(crate) fn open(sandbox: &Sandbox, width: u32, height: u32) -> Self {
        let inbox = Self::open_at(&format!("http://{}/", sandbox.address), width, height);
        inbox.until("document.getElementById('live').textContent === 'live'");
        inbox
    }

    /// Opens any page in a window of this size.
    pub(crate) fn open_at(address: &str, width: u32, height: u32) -> Self {
        let profile = TempDir::new().unwrap();
        let size = format!("--window-size={width},{height}");
        let flags = [
            size.as_str(),
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            "--lang=en-GB",
        ];
        let inbox = Self {
            page: Chromium::start(profile.path(), &flags),
            _profile: profile,
        };
        inbox.size(width, height);
        inbox.page.go_to(address);
        inbox
    }

    /// Sets the size of the viewport.
    pub(crate) fn size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.page.call("Emulation.setDeviceMetricsOverride", &size);
    }

    pub(crate) fn scheme(&self, name: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": name }] });
        self.page.call("Emulation.setEmulatedMedia", &features);
    }

    /// Returns the value of a JavaScript expression.
    pub(crate) fn value<T: DeserializeOwned>(&self, expression: &str) -> T {
        serde_json::from_value(self.page.evaluate(expression)).unwrap()
    }

    /// Waits until a JavaScript expression is true.
    pub(crate) fn until(&self, expression: &str) {
        let patience = PATIENCE.as_millis();
        // The elements of an expression may appear later, so its errors count only at the end.
        let waiting = format!(
            "new Promise((told, failed) => {{ const begun = Date.now(); const look = () => {{ \
             const isOver = Date.now() - begun > {patience}; \
             try {{ if ({expression}) return told(true); if (isOver) return told(false); }} \
             catch (error) {{ if (isOver) return failed(error); }} setTimeout(look, 10); }}; look(); }})"
        );
        assert!(self.value::<bool>(&waiting), "never true: {expression}");
    }

    /// Waits for an element with this text, and clicks it like a user.
    pub(crate) fn click(&self, selector: &str, text: &str) {
        let find = format!(
            "[...document.querySelectorAll({})].find((found) => found.checkVisibility() && found.textContent.includes({}))",
            json!(selector),
            json!(text)
        );
        // The page may redraw the element between the two steps.
        self.until(&format!(
            "(window.target = {find}) && (target.scrollIntoView({{ block: 'nearest' }}), true)"
        ));
        let [x, y] = self.value::<[f64; 2]>(
            "(({ x, y, width, height }) => [x + width / 2, y + height / 2])(target.getBoundingClientRect())",
        );
        self.page.click(x, y);
    }

    /// Replaces the content of the field at `selector` by typing.
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        self.click(selector, "");
        self.value::<bool>("(document.activeElement.select(), true)");
        self.page.call("Input.insertText", &json!({ "text": text }));
    }

    /// Presses a key in the focused element.
    pub(crate) fn key(&self, key: &str) {
        self.page.press(key);
    }

    /// Saves a screenshot if `tests/update` runs the test.
    pub(crate) fn keep(&self, name: &str) {
        if let Some(directory) = std::env::var_os("SCREENSHOTS") {
            let png = self.page.data("Page.captureScreenshot");
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(Path::new(&directory).join(name), png).unwrap();
        }
    }
}
