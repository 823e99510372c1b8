//! A browser that shows a sandbox or another page, and ways to use it as a person does.

use std::path::Path;
use std::time::Duration;

use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams,
};
use chromiumoxide::cdp::browser_protocol::input::InsertTextParams;
use chromiumoxide::page::{Page, ScreenshotParams};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::json;
use tempfile::TempDir;

use crate::listening::Sandbox;

/// How long anything on the page may take to appear. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(20);
/// A window of a browser, showing the page.
pub(crate) struct Inbox {
    browser: Browser,
    pub(crate) page: Page,
    _profile: TempDir,
}

/// Runs a test of the page.
pub(crate) fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

impl Inbox {
    /// Opens the page in a window of this size.
    pub(crate) async fn open(sandbox: &Sandbox, width: u32, height: u32) -> Self {
        let inbox = Self::open_at(&format!("http://{}/", sandbox.address), width, height).await;
        inbox.until("document.getElementById('live').textContent === 'live'").await;
        inbox
    }

    /// Opens any page in a window of this size.
    pub(crate) async fn open_at(address: &str, width: u32, height: u32) -> Self {
        let profile = TempDir::new().unwrap();
        let config = BrowserConfig::builder()
            .user_data_dir(profile.path())
            .window_size(width, height)
            .viewport(None)
            .args(["--hide-scrollbars", "--force-device-scale-factor=1", "--lang=en-GB"]);
        // Chromium's own sandbox needs rights that root in a container has not.
        let config = config.no_sandbox().build().unwrap();
        let (browser, mut events) = Browser::launch(config).await.unwrap();
        tokio::spawn(async move { while events.next().await.is_some() {} });
        let page = browser.new_page("about:blank").await.unwrap();
        let inbox = Self { browser, page, _profile: profile };
        inbox.size(width, height).await;
        inbox.page.goto(address).await.unwrap();
        inbox
    }

    /// Sets the size of the viewport.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        let size = SetDeviceMetricsOverrideParams::new(i64::from(width), i64::from(height), 1.0, width < 500);
        self.page.execute(size).await.unwrap();
    }

    pub(crate) async fn scheme(&self, name: &str) {
        let feature = MediaFeature::new("prefers-color-scheme", name);
        self.page.execute(SetEmulatedMediaParams::builder().features([feature]).build()).await.unwrap();
    }

    /// The value of a JavaScript expression.
    pub(crate) async fn value<T: DeserializeOwned>(&self, expression: &str) -> T {
        self.page.evaluate(expression).await.unwrap().into_value().unwrap()
    }

    /// Waits until a JavaScript expression is true.
    pub(crate) async fn until(&self, expression: &str) {
        let patience = PATIENCE.as_millis();
        let waiting = format!(
            "new Promise((told, failed) => {{ const begun = Date.now(); const look = () => {{ try {{ \
             if ({expression}) told(true); else if (Date.now() - begun > {patience}) told(false); else setTimeout(look, 10); \
             }} catch (error) {{ failed(error); }} }}; look(); }})"
        );
        assert!(self.value::<bool>(&waiting).await, "never true: {expression}");
    }

    /// Waits for an element with this text, and clicks it as a person would.
    pub(crate) async fn click(&self, selector: &str, text: &str) {
        let find = format!(
            "[...document.querySelectorAll({})].find((found) => found.checkVisibility() && found.textContent.includes({}))",
            json!(selector),
            json!(text)
        );
        // The page may redraw it between the two steps.
        self.until(&format!("(window.target = {find}) && (target.scrollIntoView({{ block: 'nearest' }}), true)")).await;
        let [x, y] = self
            .value::<[f64; 2]>(
                "(({ x, y, width, height }) => [x + width / 2, y + height / 2])(target.getBoundingClientRect())",
            )
            .await;
        self.page.click(chromiumoxide::layout::Point { x, y }).await.unwrap();
    }

    /// Types into the field at `selector`, in place of what it holds.
    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        self.click(selector, "").await;
        self.value::<bool>("(document.activeElement.select(), true)").await;
        self.page.execute(InsertTextParams::new(text)).await.unwrap();
    }

    /// Presses a key in the focused element.
    pub(crate) async fn key(&self, key: &str) {
        self.page.find_element("body").await.unwrap().press_key(key).await.unwrap();
    }

    /// Saves a screenshot if `tests/update` asks for it.
    pub(crate) async fn keep(&self, name: &str) {
        if let Some(directory) = std::env::var_os("SCREENSHOTS") {
            let png = self.page.screenshot(ScreenshotParams::builder().build()).await.unwrap();
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(Path::new(&directory).join(name), png).unwrap();
        }
    }

    pub(crate) async fn close(mut self) {
        self.browser.close().await.unwrap();
        self.browser.wait().await.unwrap();
    }
}
