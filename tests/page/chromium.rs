//! Chromium without a window. The tests control it with the DevTools protocol over a pipe.
//! <https://chromedevtools.github.io/devtools-protocol/>

use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

/// How long the browser may take to answer. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with one page.
pub(crate) struct Chromium {
    process: Child,
    /// The browser ends when this pipe is closed.
    input: RefCell<Option<ChildStdin>>,
    messages: Receiver<Value>,
    last_call: Cell<u64>,
    /// The session of the page.
    session: Value,
}

impl Chromium {
    pub(crate) fn start(profile: &Path, flags: &[&str]) -> Self {
        // Chromium reads commands from descriptor 3, and answers on 4.
        let mut process = Command::new("sh")
            .args([
                "-c",
                "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1",
                "sh",
                "chromium",
            ])
            // Chromium's own sandbox needs rights that root in a container does not have.
            .args([
                "--headless",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--no-first-run",
                "--disable-dev-shm-usage",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            // Each message ends with a zero byte.
            while output
                .read_until(0, &mut message)
                .is_ok_and(|length| length > 1)
            {
                let _ = sender.send(serde_json::from_slice(&message[..message.len() - 1]).unwrap());
                message.clear();
            }
        });
        let input = RefCell::new(process.stdin.take());
        let mut browser = Self {
            process,
            input,
            messages,
            last_call: Cell::new(0),
            session: Value::Null,
        };
        let page = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let page = json!({ "targetId": page["targetId"], "flatten": true });
        browser.session = browser.call("Target.attachToTarget", &page)["sessionId"].take();
        browser.call("Page.enable", &json!({}));
        browser
    }

    /// Calls a method of the page, and returns its result.
    pub(crate) fn call(&self, method: &str, parameters: &Value) -> Value {
        let id = self.send(method, parameters);
        let answer = self.next(|message| message["id"] == id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Returns the bytes in the `data` of a method's result.
    pub(crate) fn data(&self, method: &str) -> Vec<u8> {
        BASE64_STANDARD
            .decode(self.call(method, &json!({}))["data"].as_str().unwrap())
            .unwrap()
    }

    /// Opens an address, and waits until the page is loaded.
    pub(crate) fn go_to(&self, address: &str) {
        self.send("Page.navigate", &json!({ "url": address }));
        self.next(|message| message["method"] == "Page.loadEventFired");
    }

    /// Returns the value of a JavaScript expression, or of its promise.
    pub(crate) fn evaluate(&self, expression: &str) -> Value {
        let how = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let evaluated = self.call("Runtime.evaluate", &how);
        assert!(
            evaluated.get("exceptionDetails").is_none(),
            "{expression}: {evaluated}"
        );
        evaluated["result"]["value"].clone()
    }

    pub(crate) fn click(&self, x: f64, y: f64) {
        for (kind, button) in [
            ("mouseMoved", "none"),
            ("mousePressed", "left"),
            ("mouseReleased", "left"),
        ] {
            let event = json!({ "type": kind, "x": x, "y": y, "button": button, "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Presses a key by its name in the DOM.
    pub(crate) fn press(&self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            "End" => (35, ""),
            "Home" => (36, ""),
            "ArrowLeft" => (37, ""),
            "ArrowUp" => (38, ""),
            "ArrowRight" => (39, ""),
            "ArrowDown" => (40, ""),
            letter => (0, letter),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event =
                json!({ "type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    fn send(&self, method: &str, parameters: &Value) -> u64 {
        self.last_call.set(self.last_call.get() + 1);
        let mut message =
            json!({ "id": self.last_call.get(), "method": method, "params": parameters });
        if !self.session.is_null() {
            message["sessionId"].clone_from(&self.session);
        }
        let mut input = self.input.borrow_mut();
        write!(input.as_mut().unwrap(), "{message}\0").unwrap();
        self.last_call.get()
    }

    /// Returns the next message that `is_it` accepts.
    fn next(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self
                .messages
                .recv_timeout(PATIENCE)
                .expect("chromium answers");
            if is_it(&message) {
                return message;
            }
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        self.input.take();
        let _ = self.process.wait();
    }
}
